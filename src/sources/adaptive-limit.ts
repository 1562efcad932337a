/**
 * Adaptive concurrency limit for pushes. The limit follows the response time: it grows slowly while responses are quick
 * and shrinks at once when they are late. Pushes beyond the limit are rejected before their body is read, and the broker
 * redelivers them. A push takes its slot when its body is complete: a connection that sends only headers holds none.
 *
 * A push may have waited in its connection before the process read it. The time it was sent is unknown, but the wait is
 * no longer than the event loop was blocked, so nothing is accepted after a long block.
 */

export interface AdaptiveLimit {
  /** @returns whether a push has to be rejected before its body is read */
  isReached(): boolean;
  /**
   * Counts a push whose body is arriving, for a second at most: a slow sender must not hold capacity.
   * @returns a function to call when the body is there
   */
  beginBody(): () => void;
  /**
   * @returns a function that releases the slot once the push is processed; undefined if the limit was reached while its body
   * was read
   */
  acquire(): (() => void) | undefined;
  start(): void;
  stop(): void;
}

export interface AdaptiveLimitSettings {
  max: number;
  /** Target latency in milliseconds; a longer response is late. */
  deadlineMs: number;
  now?: () => number;
}

/** Limit at the start: about half of what one machine handles in time. */
const initialLimit = 1_000;
/** Below this, filling a bulk body and sending it (about a second) dominates, so that a lower limit gains nothing. */
const minLimit = 400;
const decreaseFactor = 0.8;
/** The limit grows only after responses that took less than this fraction of the deadline. */
const quickFraction = 0.5;
/** Fraction of the deadline for which the event loop may be blocked before pushes are rejected. */
const blockedFraction = 0.25;
const tickMs = 25;
const maxBodyMs = 1_000;
/** Late responses come in bursts. The limit shrinks once in this fraction of the deadline. */
const burstFraction = 0.5;

export function createAdaptiveLimit(settings: AdaptiveLimitSettings): AdaptiveLimit {
  const { max, deadlineMs, now = () => performance.now() } = settings;
  let limit = Math.min(initialLimit, max);
  let inFlight = 0;
  /** Pushes whose bodies are arriving. */
  let bodies = 0;
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let tickedAt = now();
  let ticker: NodeJS.Timeout | undefined;

  function adapt(tookMs: number, at: number): void {
    if (tookMs > deadlineMs) {
      if (at - decreasedAt < deadlineMs * burstFraction) return;
      decreasedAt = at;
      limit = Math.max(Math.min(minLimit, max), limit * decreaseFactor);
    } else if (tookMs < deadlineMs * quickFraction && inFlight > limit / 2) limit = Math.min(max, limit + 1);
  }

  return {
    isReached: () => inFlight + bodies >= limit || now() - tickedAt > deadlineMs * blockedFraction,
    beginBody() {
      bodies += 1;
      let ended = false;
      const end = () => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        bodies -= 1;
      };
      const timer = setTimeout(end, maxBodyMs).unref();
      return end;
    },
    acquire() {
      if (inFlight >= limit) return undefined;
      inFlight += 1;
      const acquiredAt = now();
      let released = false;
      return () => {
        if (released) return;
        released = true;
        const at = now();
        adapt(at - acquiredAt, at);
        inFlight -= 1;
      };
    },
    start() {
      tickedAt = now();
      ticker = setInterval(() => {
        tickedAt = now();
      }, tickMs).unref();
    },
    stop: () => clearInterval(ticker),
  };
}
