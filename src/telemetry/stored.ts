/** What the store knows, for the metrics: read at most now and then, and never waited for long. */
import type { DeadLetters } from '../engine/delivery/dead-letters.ts';
import type { Run } from '../engine/runs/run.ts';
import type { Runs } from '../engine/runs/runs.ts';

export interface Stored {
  runs: readonly Run[];
  /** Dead letters by code. */
  letters: ReadonlyMap<string, number>;
  /** Whether the store answered the last time. */
  up: boolean;
}

export interface StoredParts {
  runs: Pick<Runs, 'list'>;
  deadLetters: Pick<DeadLetters, 'list'>;
}

/** Runs move; letters may be ten thousand. */
const runsLifeMs = 10_000;
const lettersLifeMs = 60_000;
const timeoutMs = 3_000;

/** @returns what is known; as it was before where the store does not answer in time */
export function createStored({ runs, deadLetters }: StoredParts): () => Promise<Stored> {
  const askRuns = createMemory<readonly Run[]>([], runsLifeMs, () => runs.list());
  const askLetters = createMemory<ReadonlyMap<string, number>>(new Map(), lettersLifeMs, async () => {
    const counts = new Map<string, number>();
    for await (const { code } of deadLetters.list()) counts.set(code, (counts.get(code) ?? 0) + 1);
    return counts;
  });
  return async () => {
    const [listed, letters] = await Promise.all([askRuns(), askLetters()]);
    return { runs: listed.value, letters: letters.value, up: listed.up && letters.up };
  };
}

interface Remembered<Value> {
  value: Value;
  up: boolean;
}

/** One question at a time; whoever asks meanwhile waits for the same answer, for a moment. */
function createMemory<Value>(first: Value, lifeMs: number, ask: () => Promise<Value>) {
  let known: Remembered<Value> = { value: first, up: true };
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function renew(): Promise<void> {
    try {
      known = { value: await ask(), up: true };
      askedAt = performance.now();
    } catch {
      known = { ...known, up: false };
    } finally {
      asking = undefined;
    }
  }

  return async (): Promise<Remembered<Value>> => {
    if (performance.now() - askedAt < lifeMs) return known;
    asking ??= renew();
    const late = new Promise<'late'>((resolve) => {
      AbortSignal.timeout(timeoutMs).addEventListener('abort', () => resolve('late'));
    });
    return (await Promise.race([asking, late])) === 'late' ? { ...known, up: false } : known;
  };
}
