/**
 * How long messages took from their creation until Klaviyo accepted them, and how many changes waited, over the last six
 * hours of this process. Memory is bounded: each slot keeps a random sample of its delays.
 */
import type { AppEvent } from '../telemetry/app-events.ts';
import type { DelayHistory } from './schemas.ts';

export const historySlotSeconds = 300;
/** Six hours. */
const maxSlots = 72;
const maxSamples = 200;
const slowShare = 0.95;

interface Slot {
  /** Counted from the epoch. */
  slot: number;
  /** Seconds. */
  delays: number[];
  delivered: number;
  backlog: number;
}

export interface DelayRecorder {
  record(event: AppEvent): void;
  read(): DelayHistory;
}

export interface DelayHistoryDeps {
  now(): Date;
  inFlight(): { realtime: number; bulk: number };
  /** Between 0 and 1; tests replace it. */
  random?(): number;
}

export function createDelayHistory({ now, inFlight, random = Math.random }: DelayHistoryDeps): DelayRecorder {
  let slots: Slot[] = [];
  let last: DelayHistory['last'];
  const slotOf = (time: Date) => Math.floor(time.getTime() / (historySlotSeconds * 1_000));

  function current(): Slot {
    const slot = slotOf(now());
    const known = slots.at(-1);
    if (known && known.slot >= slot) return known;
    const next = { slot, delays: [], delivered: 0, backlog: 0 };
    slots = [...slots.filter((each) => each.slot > slot - maxSlots), next];
    return next;
  }

  function noteDelay(slot: Slot, seconds: number): void {
    slot.delivered += 1;
    if (slot.delays.length < maxSamples) slot.delays.push(seconds);
    else {
      const index = Math.floor(random() * slot.delivered);
      if (index < maxSamples) slot.delays[index] = seconds;
    }
  }

  function noteBacklog(slot: Slot): void {
    const { realtime, bulk } = inFlight();
    slot.backlog = Math.max(slot.backlog, realtime + bulk);
  }

  return {
    record(event) {
      if (event.type !== 'message' && event.type !== 'changes' && event.type !== 'request') return;
      const slot = current();
      noteBacklog(slot);
      if (event.type !== 'message' || event.outcome !== 'delivered') return;
      const at = now();
      const delaySeconds = Math.max(0, at.getTime() - Date.parse(event.createdAt)) / 1_000;
      last = { at: at.toISOString(), delaySeconds };
      noteDelay(slot, delaySeconds);
    },
    read() {
      noteBacklog(current());
      const first = slotOf(now()) - maxSlots + 1;
      const byNumber = new Map(slots.map((slot) => [slot.slot, slot]));
      const all = Array.from({ length: maxSlots }, (_, index) => byNumber.get(first + index));
      return {
        from: new Date(first * historySlotSeconds * 1_000).toISOString(),
        slotSeconds: historySlotSeconds,
        medianDelay: all.map((slot) => quantile(slot?.delays, 0.5)),
        slowDelay: all.map((slot) => quantile(slot?.delays, slowShare)),
        backlog: all.map((slot) => slot?.backlog ?? 0),
        ...(last ? { last } : {}),
      };
    },
  };
}

function quantile(values: readonly number[] | undefined, share: number): number | null {
  if (!values || values.length === 0) return null;
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
