/** Shows the progress of bulk syncs: progress bars in a terminal, plain lines elsewhere. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { z } from 'zod';

/** Fields of a run that the sandbox shows; `GET /sync` returns more. */
export const runSchema = z.object({
  id: z.string(),
  resource: z.enum(['customers', 'orders', 'categories', 'products']),
  state: z.string(),
  problem: z.string().optional(),
  counts: z.object({ read: z.number(), delivered: z.number(), skipped: z.number(), rejected: z.number() }),
});
export type SyncRun = z.infer<typeof runSchema>;

export interface SyncProgress {
  /** @param total records of the resource in the shop, if known */
  show(run: SyncRun, total: number | undefined): void;
  /** Stops updating; the last state stays visible. */
  end(): void;
}

const plainIntervalMs = 2_000;
const endStates = new Set(['stopped', 'completed', 'failed']);

/** Returns whether a run is stopped, completed or failed. */
export function hasEnded({ state }: SyncRun): boolean {
  return endStates.has(state);
}

/** @param print writes one line; unused in a terminal */
export function createSyncProgress(interactive: boolean, print: (line: string) => void): SyncProgress {
  return interactive ? bars() : lines(print);
}

function bars(): SyncProgress {
  const format =
    '{resource} {bar} {value}/{total} {state} | {delivered} delivered, {skipped} skipped, {rejected} rejected';
  const all = new MultiBar({ format, barsize: 12, clearOnComplete: false, hideCursor: true }, Presets.shades_classic);
  const barById = new Map<string, SingleBar>();
  return {
    show({ id, resource, state, problem, counts }, total = 0) {
      const bar = barById.get(id) ?? all.create(total, 0);
      barById.set(id, bar);
      bar.setTotal(Math.max(total, counts.read));
      bar.update(counts.read, { ...counts, resource: resource.padEnd(10), state: problem ?? state });
    },
    end: () => all.stop(),
  };
}

function lines(print: (line: string) => void): SyncProgress {
  const printed = new Map<string, { at: number; state: string }>();
  return {
    show({ id, resource, state, counts }, total) {
      const last = printed.get(id);
      if (last?.state === state && performance.now() - last.at < plainIntervalMs) return;
      printed.set(id, { at: performance.now(), state });
      const { read, delivered, skipped, rejected } = counts;
      const of = total === undefined ? '' : ` of ${total}`;
      print(
        `${resource}: ${state}, ${read}${of} read, ${delivered} delivered, ${skipped} skipped, ${rejected} rejected`,
      );
    },
    end: () => {},
  };
}
