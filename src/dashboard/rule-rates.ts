/** What each rule did in the last minutes, in this process: counts in a ring of a few seconds each, so memory stays as it is. */
import type { AppEvent, ChangeCount } from '../telemetry/app-events.ts';

export const slotSeconds = 5;
/** Five minutes. */
const slots = 60;

export interface RuleRates {
  /** ISO 8601: of the last change that Klaviyo has accepted. */
  lastAt?: string;
  /** Changes by slot, the oldest first. */
  delivered: number[];
  rejected: number[];
  /** Since the start. */
  totals: Totals;
}

interface Totals {
  delivered: number;
  /** Kept as a dead letter. */
  rejected: number;
  /** Not now: to come again. */
  retried: number;
}

export interface Rates {
  record(happened: AppEvent): void;
  of(rule: string): RuleRates;
}

interface Ring {
  delivered: number[];
  rejected: number[];
  /** The slot of the newest entry, counted from the epoch. */
  at: number;
  lastAt?: string;
  totals: Totals;
}

/** @param rules the only ones that are counted */
export function createRates(rules: readonly { name: string }[], now: () => Date): Rates {
  const rings = new Map(rules.map(({ name }) => [name, emptyRing(slotOf(now()))]));

  return {
    record(happened) {
      if (happened.type !== 'changes') return;
      const at = now();
      for (const change of happened.changes) {
        const ring = rings.get(change.rule);
        if (ring) count(turned(ring, slotOf(at)), change, at);
      }
    },
    of(rule) {
      const { delivered, rejected, totals, lastAt } = turned(rings.get(rule) ?? emptyRing(0), slotOf(now()));
      return {
        delivered: [...delivered],
        rejected: [...rejected],
        totals: { ...totals },
        ...(lastAt === undefined ? {} : { lastAt }),
      };
    },
  };
}

function count(ring: Ring, { outcome, count }: ChangeCount, at: Date): void {
  const { totals } = ring;
  switch (outcome) {
    case 'delivered':
      totals.delivered += count;
      ring.lastAt = at.toISOString();
      ring.delivered[slots - 1] = (ring.delivered[slots - 1] ?? 0) + count;
      return;
    case 'unavailable':
      totals.retried += count;
      return;
    case 'skipped':
      return;
    default:
      totals.rejected += count;
      ring.rejected[slots - 1] = (ring.rejected[slots - 1] ?? 0) + count;
  }
}

/** Moved on to the slot; what is older than the ring is forgotten. */
function turned(ring: Ring, slot: number): Ring {
  const steps = Math.min(slots, Math.max(0, slot - ring.at));
  for (const list of [ring.delivered, ring.rejected]) {
    list.splice(0, steps);
    list.push(...Array.from({ length: steps }, () => 0));
  }
  ring.at = Math.max(slot, ring.at);
  return ring;
}

function emptyRing(at: number): Ring {
  const none = () => Array.from({ length: slots }, () => 0);
  return { delivered: none(), rejected: none(), at, totals: { delivered: 0, rejected: 0, retried: 0 } };
}

function slotOf(time: Date): number {
  return Math.floor(time.getTime() / (slotSeconds * 1_000));
}
