/** Keeps the latest log lines of recent runs in this process, for their page. */
import type { AppEvent } from '../telemetry/app-events.ts';
import type { RunDetail } from './schemas.ts';

type RunLogLine = RunDetail['log'][number];

const maxRuns = 50;
const maxLines = 100;

export interface RunLog {
  record(event: AppEvent): void;
  linesOf(runId: string): RunLogLine[];
}

export function createRunLog(now: () => Date): RunLog {
  const lines = new Map<string, RunLogLine[]>();
  return {
    record(event) {
      if (event.type !== 'run') return;
      const { runId, state, read, problem } = event;
      const text = `${state}, ${read} read${problem === undefined ? '' : `: ${problem}`}`;
      const tone = state === 'failed' || problem !== undefined ? 'bad' : 'quiet';
      const known = lines.get(runId) ?? [];
      lines.set(runId, [...known, { at: now().toISOString(), tone, text } as const].slice(-maxLines));
      const oldest = lines.keys().next();
      if (lines.size > maxRuns && !oldest.done) lines.delete(oldest.value);
    },
    linesOf: (runId) => lines.get(runId) ?? [],
  };
}
