/** Counts the changes of each rule in this process over the last five minutes, in a ring of slots with a fixed size. */
import type { AppEvent, ChangeCount } from '../telemetry/app-events.ts';

export const slotSeconds = 5;
/** Five minutes. */
const slots = 60;

export interface RuleRate {
  /** Time of the last change that Klaviyo accepted, ISO 8601. */
  lastAt?: string;
  delivered: number[];
  rejected: number[];
  totals: { delivered: number /** Dead-lettered. */; rejected: number; retried: number };
}

export interface RuleRates {
  record(event: AppEvent): void;
  rateOf(rule: string): RuleRate;
}

interface Ring extends RuleRate {
  /** Slot of the newest entry, counted from the epoch. */
  slot: number;
}

export function createRuleRates(rules: readonly { name: string }[], now: () => Date): RuleRates {
  const rings = new Map(rules.map(({ name }) => [name, emptyRing(slotOf(now()))]));

  return {
    record(event) {
      if (event.type !== 'changes') return;
      const at = now();
      for (const change of event.changes) {
        const ring = rings.get(change.rule);
        if (ring) count(advance(ring, slotOf(at)), change, at);
      }
    },
    rateOf(rule) {
      const { slot: _, ...rate } = advance(rings.get(rule) ?? emptyRing(0), slotOf(now()));
      return structuredClone(rate);
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

function advance(ring: Ring, slot: number): Ring {
  const steps = Math.min(slots, Math.max(0, slot - ring.slot));
  for (const list of [ring.delivered, ring.rejected]) {
    list.splice(0, steps);
    list.push(...Array.from({ length: steps }, () => 0));
  }
  ring.slot = Math.max(slot, ring.slot);
  return ring;
}

function emptyRing(slot: number): Ring {
  const zeros = () => Array.from({ length: slots }, () => 0);
  return { delivered: zeros(), rejected: zeros(), slot, totals: { delivered: 0, rejected: 0, retried: 0 } };
}

function slotOf(time: Date): number {
  return Math.floor(time.getTime() / (slotSeconds * 1_000));
}
