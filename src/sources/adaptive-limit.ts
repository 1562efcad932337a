/**
 * How many pushes are worked on at once: as many as are answered in time. What a process or Klaviyo can do shows in how
 * long answers take, so that is what moves the limit: slowly up while answers are quick, down at once when they are late.
 * A push that was sent long ago may still stand in its connection: nobody knows since when, but not longer than timers
 * have been kept waiting. What is beyond is refused before its body is read, and the broker holds it.
 */

export interface Admission {
  /** @returns what to call when the push has been answered, or nothing where it has to come again */
  enter(): (() => void) | undefined;
  /** Watches from now on how long timers are kept waiting. */
  open(): void;
  close(): void;
}

export interface AdmissionParts {
  /** At most, however quick answers are. */
  most: number;
  /** Milliseconds in which an answer is still in good time. */
  deadlineMs: number;
  /** Milliseconds; monotonic. */
  now?: () => number;
}

/** Before anything is known: what half a machine does in good time. */
const first = 1_000;
/** Less would be more waiting than work: a body that fills, and its way to Klaviyo, take about a second. */
const fewest = 400;
const lessen = 0.8;
/** An answer that takes less than this part of the patience leaves room for more. */
const quick = 0.5;
/** Part of the patience that a push may have stood in its connection. */
const stalled = 0.25;
const tickMs = 25;
/** Late answers come in crowds, and one of a crowd says all: it lasts for this part of the patience. */
const crowd = 0.5;

export function createAdmission({ most, deadlineMs, now = () => performance.now() }: AdmissionParts): Admission {
  let limit = Math.min(first, most);
  let inFlight = 0;
  let lessenedAt = Number.NEGATIVE_INFINITY;
  let tickedAt = now();
  let ticking: NodeJS.Timeout | undefined;

  function learn(tookMs: number, at: number): void {
    if (tookMs > deadlineMs) {
      if (at - lessenedAt < deadlineMs * crowd) return;
      lessenedAt = at;
      limit = Math.max(Math.min(fewest, most), limit * lessen);
    } else if (tookMs < deadlineMs * quick && inFlight > limit / 2) limit = Math.min(most, limit + 1);
  }

  return {
    enter() {
      if (inFlight >= limit || now() - tickedAt > deadlineMs * stalled) return undefined;
      inFlight += 1;
      const entered = now();
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const at = now();
        learn(at - entered, at);
        inFlight -= 1;
      };
    },
    open() {
      tickedAt = now();
      ticking = setInterval(() => {
        tickedAt = now();
      }, tickMs).unref();
    },
    close: () => clearInterval(ticking),
  };
}
