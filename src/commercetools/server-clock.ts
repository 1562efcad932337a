/**
 * Present time of commercetools, from the Date headers of its responses, because times of records are compared with it. Between
 * responses a monotonic clock counts, so that no wall clock of this machine takes part after the first response.
 */

/** Date headers have whole seconds. https://www.rfc-editor.org/rfc/rfc9110#field.date */
const resolutionMs = 1_000;

export interface ServerClock {
  /** @param date Date header of a response. @param sentAt monotonic milliseconds when its request was sent */
  observe(date: unknown, sentAt: number): void;
  /** Whether a response was observed. Before that both bounds are the time of this machine. */
  isSet(): boolean;
  /** Bounds of the present time: a second and the duration of the last request lie between them. */
  earliest(): Date;
  latest(): Date;
}

export interface ClockSources {
  now(): Date;
  /** Milliseconds since any point in time. */
  monotonicMs(): number;
}

export const machineClock: ClockSources = { now: () => new Date(), monotonicMs: () => performance.now() };

export function createServerClock({ now, monotonicMs }: ClockSources = machineClock): ServerClock {
  let last: { dateMs: number; sentAt: number; receivedAt: number } | undefined;
  return {
    observe(date, sentAt) {
      const dateMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
      if (!Number.isNaN(dateMs)) last = { dateMs, sentAt, receivedAt: monotonicMs() };
    },
    isSet: () => last !== undefined,
    earliest: () => (last ? new Date(last.dateMs + monotonicMs() - last.receivedAt) : now()),
    latest: () => (last ? new Date(last.dateMs + resolutionMs + monotonicMs() - last.sentAt) : now()),
  };
}
