/** `ctk watch`: a live view of runs and dead letters in a terminal; on a pipe one snapshot. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Components } from '../../app/components.ts';
import { countOf } from '../../commercetools/pagination.ts';
import { hasEnded, type Run } from '../../engine/runs/run.ts';
import { totalOf } from '../../engine/runs/run-total.ts';
import { messageOf } from '../../lib/errors.ts';
import { nextSignal } from '../next-signal.ts';
import { progressOf, shortTime, timesOf } from '../output/run-line.ts';
import { presentable, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

const refreshMs = 2_000;
const maxEnded = 5;
const barWidth = 20;

/** Reads the store directly, without a running service. */
export function define(command: Command, terminal: Terminal): void {
  command.action(() =>
    withComponents(async (components) => {
      if (terminal.interactive) await watch(components, terminal);
      else for (const line of await snapshot(components, terminal)) terminal.line(line);
    }),
  );
}

type WatchDeps = Pick<Components, 'runs' | 'deadLetters' | 'commercetools' | 'now'>;

async function watch(components: WatchDeps, terminal: Terminal): Promise<void> {
  const { createLogUpdate } = await import('log-update');
  // Hiding the cursor would add a listener that ends the process at Ctrl-C with another exit code.
  const logUpdate = createLogUpdate(process.stdout, { showCursor: true });
  const stopped = new AbortController();
  void nextSignal().then(() => stopped.abort());
  const hint = terminal.colors.dim('Ctrl-C ends it');
  while (!stopped.signal.aborted) {
    // While the store is away the view says so, and goes on.
    const lines = await snapshot(components, terminal).catch((thrown) => [`can't be read now: ${messageOf(thrown)}`]);
    logUpdate(presentable([...lines, hint].join('\n')));
    await sleep(refreshMs, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
  logUpdate.done();
}

async function snapshot(components: WatchDeps, { colors }: Terminal): Promise<string[]> {
  const [runs, letters] = await Promise.all([
    components.runs.list(),
    Array.fromAsync(components.deadLetters.list(), () => undefined),
  ]);
  const now = components.now();
  const open = runs.filter((run) => !hasEnded(run));
  const totals = await Promise.all(
    open.map((run) => totalOf((resource) => countOf(components.commercetools, resource), run)),
  );
  const ended = runs.filter(hasEnded).slice(0, maxEnded);
  return [
    colors.bold(`Runs and dead letters at ${shortTime(now.toISOString())} UTC`),
    ...open.flatMap((run, index) => runLines(run, { now, total: totals[index] })),
    ...(open.length === 0 ? ['no run in progress'] : []),
    ...ended.map((run) => colors.dim(endedLine(run, now))),
    letters.length === 0 ? 'no dead letters' : colors.yellow(`${letters.length} dead letter(s): ctk dead-letters list`),
  ];
}

function runLines(run: Run, options: { now: Date; total: number | undefined }): string[] {
  const { resource, kind, state, problem } = run;
  const head = `${resource.padEnd(10)} ${kind} ${state}  ${timesOf(run, options)}`;
  const bar = options.total === undefined ? '' : `${barOf(run.counts.read, options.total)} `;
  return [head, `  ${bar}${progressOf(run, options)}`, ...(problem === undefined ? [] : [`  ${problem}`])];
}

function barOf(read: number, total: number): string {
  const filled = Math.min(barWidth, Math.floor((barWidth * read) / Math.max(1, total, read)));
  return '█'.repeat(filled) + '░'.repeat(barWidth - filled);
}

function endedLine(run: Run, now: Date): string {
  return `${run.resource.padEnd(10)} ${run.kind} ${run.state}  ${timesOf(run, { now })}  ${progressOf(run, { now })}`;
}
