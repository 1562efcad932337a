/** Shows the progress of runs: a bar each in a terminal, elsewhere a line every two seconds. */
import type { SingleBar } from 'cli-progress';
import type { Run } from '../../engine/runs/run.ts';
import { pendingCount } from '../../engine/runs/run-counts.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  show(run: Run, total: number | undefined): void;
  end(): void;
}

const lineIntervalMs = 2_000;

export async function createProgress(
  terminal: Terminal,
  now: () => number = () => performance.now(),
): Promise<Progress> {
  return terminal.interactive ? bars() : lines(terminal, now);
}

async function bars(): Promise<Progress> {
  const { MultiBar, Presets } = await import('cli-progress');
  // The state precedes the counts, because a narrow terminal cuts off the end.
  const format =
    '{resource} {bar} {percentage}% {value}/{total} {state} | {delivered} delivered, {pending} pending, {skipped} skipped, {rejected} rejected';
  const all = new MultiBar({ format, barsize: 12, clearOnComplete: false, hideCursor: true }, Presets.shades_classic);
  const byRun = new Map<string, SingleBar>();
  return {
    show(run, total) {
      const bar = byRun.get(run.id) ?? all.create(total ?? 0, 0);
      byRun.set(run.id, bar);
      bar.setTotal(Math.max(total ?? 0, run.counts.read));
      bar.update(run.counts.read, {
        ...run.counts,
        pending: pendingCount(run.counts),
        resource: run.resource.padEnd(10),
        state: run.problem ?? run.state,
      });
    },
    end: () => all.stop(),
  };
}

function lines(terminal: Terminal, now: () => number): Progress {
  const shown = new Map<string, { at: number; state: string }>();
  return {
    show(run, total) {
      const last = shown.get(run.id);
      if (last && last.state === run.state && now() - last.at < lineIntervalMs) return;
      shown.set(run.id, { at: now(), state: run.state });
      terminal.line(progressLine(run, total));
    },
    end: () => undefined,
  };
}

export function progressLine({ resource, state, counts, problem }: Run, total: number | undefined): string {
  const ofTotal = total === undefined ? '' : ` of ${total}`;
  const line = `${resource}: ${state}, ${counts.read}${ofTotal} read, ${counts.delivered} delivered, ${pendingCount(counts)} pending, ${counts.skipped} skipped, ${counts.rejected} rejected`;
  return problem === undefined ? line : `${line} (${problem})`;
}
