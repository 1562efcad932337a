/** `ctk check --live`: names what it will create, asks for consent, shows progress and a table of what was found. */
import type { ApiFindings } from '../../engine/api-findings.ts';
import { messageOf } from '../../lib/errors.ts';
import { planOf } from '../../live-check/checks.ts';
import { lastVerification } from '../../live-check/last-verification.ts';
import { type LiveCheckResult, runLiveCheck } from '../../live-check/run-live-check.ts';
import { askConfirmation } from '../commands/init-questions.ts';
import { givenDestination, type PlanOptions } from '../commands/subscriptions.ts';
import { nextSignal } from '../next-signal.ts';
import { CommandError, type ExitState, silent, type Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';
import { type Finding, ok, warning } from './finding.ts';

export type LiveCommandOptions = PlanOptions & { yes?: true; json?: true };

const lineIntervalMs = 2_000;

/** @throws CommandError without consent */
export async function checkLive(
  { yes, json, ...destinations }: LiveCommandOptions,
  terminal: Terminal,
  exitState: ExitState,
): Promise<void> {
  await withComponents(async ({ liveCheck }, config) => {
    const destination = givenDestination(destinations, config.subscriptions);
    await getConsent(consentLines(planOf({ destination })), { yes, json, terminal });
    const stop = new AbortController();
    // A second signal ends the process at once, and leaves the test records.
    void nextSignal().then(() => {
      terminal.problem('stopping, and removing the test records');
      stop.abort();
    });
    const progress = createLiveProgress(json ? silent(terminal) : terminal);
    const found = await runLiveCheck(liveCheck, {
      ...{ destination, signal: stop.signal },
      onActivity: progress.show,
    }).finally(progress.end);
    const result = config.store === 'memory' ? { ...found, notStored: 'STORE=memory' } : found;
    const isOk = result.remaining.length === 0 && result.findings.every(({ state }) => state !== 'problem');
    if (json) terminal.json({ ok: isOk, ...result });
    else showResult(result, terminal);
    exitState.code = isOk ? 0 : 1;
  });
}

async function getConsent(
  lines: readonly string[],
  { yes, json, terminal }: { yes: true | undefined; json: true | undefined; terminal: Terminal },
): Promise<void> {
  // With --json standard output holds only data.
  if (json) for (const line of lines) terminal.problem(line);
  else for (const line of lines) terminal.line(line);
  if (yes) return;
  if (!terminal.interactive || !process.stdin.isTTY)
    throw new CommandError('not an interactive terminal: pass --yes to consent to this', 'nothing was created');
  if (!(await askConfirmation('Create these test records?'))) throw new CommandError('nothing was created');
}

function consentLines({ creates, remains }: ReturnType<typeof planOf>): string[] {
  return [
    'Creates test records in your accounts, with ids that begin with ctk-live-check, and removes them afterwards:',
    ...creates.map((record) => `  - ${record}`),
    'Can not be removed afterwards:',
    ...remains.map((record) => `  - ${record}`),
    'Records that it did not create are never changed. It takes seconds, or some minutes.',
  ];
}

/** Prints what is going on if it takes longer than two seconds, and again every two seconds. */
function createLiveProgress({ line }: Pick<Terminal, 'line'>) {
  let activity = '';
  let startedAt = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    line(`… ${activity}, ${seconds} s`);
  }, lineIntervalMs);
  return {
    show(next: string): void {
      activity = next;
      startedAt = performance.now();
      timer.refresh();
    },
    end: () => clearInterval(timer),
  };
}

const columns = ['', 'fact', 'expected', 'found', 'consequence'] as const;

function showResult({ findings, remaining, notStored }: LiveCheckResult, { line, colors }: Terminal): void {
  const rows = findings.map(({ state, fact, expected, found, consequence }) => [
    ...[state, fact, expected, found, consequence],
  ]);
  const widths = columns.map((name, index) =>
    Math.max(...[name, ...rows.map((row) => row[index] ?? '')].map(lengthOf)),
  );
  const text = (cells: readonly string[]) =>
    cells.map((cell, index) => (index === columns.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  ');
  const paint = { ok: colors.green, warning: colors.yellow, problem: colors.red, unverified: colors.yellow };
  line();
  line(text(columns));
  for (const [index, row] of rows.entries()) {
    const state = findings[index]?.state ?? 'ok';
    line(text(row).replace(state, paint[state](state)));
  }
  line();
  if (remaining.length === 0) line('All other test records are removed.');
  else line('May still be there, remove by hand:');
  for (const record of remaining) line(`  - ${record}`);
  line(
    notStored === undefined
      ? 'The findings are stored; a service reads them when it starts.'
      : `The findings are not stored: ${notStored}`,
  );
}

const lengthOf = (text: string) => text.length;

/** Says when the facts were last verified. */
export async function lastLiveCheck(findings: Pick<ApiFindings, 'read'>): Promise<Finding> {
  const what = 'live check';
  const fix = 'ctk check --live verifies on test records what only a call can verify';
  try {
    const last = lastVerification(await findings.read());
    if (!last) return ok(what, `never: ${fix}`);
    const { verifiedAt, facts } = last;
    const detail = `last verified ${verifiedAt}`;
    const others = facts.filter(({ state }) => state !== 'ok').map(({ fact, found }) => `${fact}: ${found}`);
    if (others.length === 0) return ok(what, detail);
    return warning(what, `${detail}; ${others.join('; ')}`, 'see docs/live-check.md');
  } catch (thrown) {
    return warning(what, `the findings cannot be read: ${messageOf(thrown)}`);
  }
}
