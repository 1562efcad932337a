/**
 * Reads the carts that changed since a position, and sends their events. The position moves past a page when all of its carts
 * are settled, so that an outage of either API moves nothing, and everything is caught up afterwards.
 */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { iteratePages } from '../../commercetools/pagination.ts';
import type { ServerClock } from '../../commercetools/server-clock.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import type { SelectRules } from '../../rules/select-rules.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { countsOf } from '../bulk/result-counts.ts';
import type { Deliver } from '../delivery/deliver.ts';
import type { Evaluate } from '../delivery/evaluate.ts';
import type { CartCursor } from './watch-lease.ts';

export interface CartPassDeps {
  client: CommercetoolsClient;
  selectRules: Pick<SelectRules, 'forPolled'>;
  evaluate: Evaluate;
  deliver: Deliver;
  events: AppEvents;
  nextReadSeq(): number;
  /** Times of changes are compared with commercetools' clock. */
  clock: ServerClock;
  /** Age from which changes are read: one may become visible later than its timestamp says. */
  settlingMs: number;
  /** Carts per page, whose events are sent together: as many as in a sync. */
  pageSize: number;
  /** Why nothing may be read now; undefined: it may. */
  shedReason(): string | undefined;
}

/** @returns the time up to which changes are visible, ISO 8601 */
export function visibleUntil({ clock, settlingMs }: Pick<CartPassDeps, 'clock' | 'settlingMs'>): string {
  return new Date(clock.earliest().getTime() - settlingMs).toISOString();
}

interface CartPass {
  cursor: CartCursor;
  signal: AbortSignal;
  /** Stores the position. */
  onSettled(cursor: CartCursor): Promise<void>;
}

/**
 * Ends early, at a settled position, while nothing may be read. Rejects with CommercetoolsError or LookupUnavailable if an API
 * can't answer now, or with the signal's reason.
 */
export async function runCartPass(deps: CartPassDeps, { cursor, signal, onSettled }: CartPass): Promise<void> {
  const { client, evaluate, deliver, nextReadSeq, clock, pageSize, shedReason } = deps;
  const rules = deps.selectRules.forPolled('cart');
  const cause = { type: 'watch' } as const;
  const until = visibleUntil(deps);
  if (until <= (cursor.at?.lastModifiedAt ?? cursor.since)) return;
  const pages = iteratePages(client, { resource: 'carts', query: { ...cursor, until }, pageSize });
  for (;;) {
    signal.throwIfAborted();
    if (shedReason() !== undefined) return;
    const readSeq = nextReadSeq();
    const page = await pages.next();
    if (page.done) return;
    const { records, last } = page.value;
    const evaluations = await evaluate({ records }, rules, cause);
    const options = { cause, readSeq, lane: 'cart', signal, onInternalError: 'dead-letter' } as const;
    const results = await deliver(evaluations, options);
    const unavailable = results.flatMap(({ receipts }) => receipts).find(({ outcome }) => outcome === 'unavailable');
    if (unavailable?.outcome === 'unavailable') {
      signal.throwIfAborted();
      throw new LookupUnavailable(unavailable.reason, unavailable);
    }
    if (!last) return;
    await onSettled({ ...cursor, at: last });
    const { delivered, skipped, rejected, reasons } = countsOf(results);
    const lagMs = Math.max(0, clock.earliest().getTime() - Date.parse(last.lastModifiedAt));
    deps.events.emit({ type: 'carts', read: records.length, delivered, skipped, rejected, reasons, lagMs });
  }
}
