/** What the dashboard shows by itself: this replica now, and what all replicas share. */
import type { BulkResource } from '../commercetools/schemas.ts';
import type { DeadLetters } from '../engine/delivery/dead-letters.ts';
import type { Ready } from '../engine/readiness.ts';
import { hasEnded, type Run } from '../engine/runs/run.ts';
import type { Runs } from '../engine/runs/runs.ts';
import type { RateLimiter } from '../klaviyo/api/rate-limiter.ts';
import type { Sink } from '../klaviyo/sink.ts';
import { type Rates, slotSeconds } from './rule-rates.ts';

export interface ViewParts {
  /** Which process this is, for people. */
  replica: string;
  version: string;
  rules: readonly { name: string; summary: string }[];
  rates: Rates;
  usage: RateLimiter['usage'];
  inFlight: Sink['inFlight'];
  readiness(): Promise<Ready>;
  runs: Pick<Runs, 'list'>;
  deadLetters: Pick<DeadLetters, 'list'>;
  /** How many records a resource has; undefined where it can't be told. */
  countOf(resource: BulkResource): Promise<number | undefined>;
  now(): Date;
}

/** Counted no further, and not at every look: others keep and discard too, and each page of them is a request. */
const maxLetters = 1_000;
const lettersLifeMs = 5_000;
/** The history that is shown. */
const maxEnded = 50;

/** @returns views by the name of their event */
export function createViews(parts: ViewParts): Record<'now' | 'runs', () => Promise<unknown>> {
  const letters = createLetterCount(parts);
  const totals = createTotals(parts);
  return {
    now: async () => ({
      at: parts.now().toISOString(),
      replica: parts.replica,
      version: parts.version,
      slotSeconds,
      rules: parts.rules.map(({ name, summary }) => ({ rule: name, summary, ...parts.rates.of(name) })),
      quota: parts.usage(),
      inFlight: parts.inFlight(),
      ready: await parts.readiness(),
      deadLetters: await letters(),
    }),
    runs: async () => {
      const runs = await parts.runs.list();
      const running = runs.filter((run) => !hasEnded(run));
      const ended = runs.filter(hasEnded).slice(0, maxEnded);
      return { at: parts.now().toISOString(), running: await totals(running), ended: ended.map(shown) };
    },
  };
}

/** Positions are for the engine. */
function shown({ checkpoint, ...run }: Run): Omit<Run, 'checkpoint'> & { canResume: boolean } {
  return { ...run, canResume: run.kind === 'sync' && run.state !== 'completed' && checkpoint !== undefined };
}

/** Totals are asked for once a run. */
function createTotals({ countOf }: Pick<ViewParts, 'countOf'>) {
  const known = new Map<string, Promise<number | undefined>>();
  return async (running: readonly Run[]) => {
    for (const id of known.keys()) if (!running.some((run) => run.id === id)) known.delete(id);
    return Promise.all(
      running.map(async (run) => {
        const { ids, startId, where, deleteAll } = run.request;
        const unknown = startId !== undefined || where !== undefined || deleteAll === true;
        if (!unknown && !known.has(run.id))
          known.set(run.id, ids ? Promise.resolve(ids.length) : countOf(run.resource));
        const total = await known.get(run.id);
        return { ...shown(run), ...(total === undefined ? {} : { total }) };
      }),
    );
  };
}

function createLetterCount({ deadLetters }: Pick<ViewParts, 'deadLetters'>) {
  let known: { at: number; count: Promise<{ count: number; more: boolean } | undefined> } | undefined;
  async function count() {
    let count = 0;
    for await (const _letter of deadLetters.list()) {
      if (count === maxLetters) return { count, more: true };
      count += 1;
    }
    return { count, more: false };
  }
  return () => {
    if (!known || performance.now() - known.at > lettersLifeMs)
      known = { at: performance.now(), count: count().catch(() => undefined) };
    return known.count;
  };
}
