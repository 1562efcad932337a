/**
 * Klaviyo's rate limits: for each operation a fixed window of one second and one of a minute, for the whole account.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
 */
import { type OperationName, operations } from './operations.ts';

/** How much of the documented limits holds: 1 as documented, 0.1 a tenth, 'none' no limits (and no headers). */
export type LimitScale = number | 'none';

type Window = { lengthMs: number; most: number; used: number; endsAt: number };

type Usage = {
  operation: OperationName;
  perSecond: number;
  perMinute: number;
  usedThisMinute: number;
  refused: number;
};

type Spent = { refused: true; retryAfterSeconds: number } | { refused: false; headers: Record<string, string> };

export type Limits = {
  /** Counts one request of the operation at `now` (milliseconds). A refused one spends nothing. */
  spend(operation: OperationName, now?: number): Spent;
  usage(now?: number): Usage[];
  reset(): void;
};

export function createLimits(scale: LimitScale): Limits {
  const windows = new Map<OperationName, { burst: Window; steady: Window; refused: number }>();

  function windowsOf(operation: OperationName) {
    const known = windows.get(operation);
    if (known !== undefined) return known;
    const { perSecond, perMinute } = operations[operation];
    const opened = { burst: open(1_000, scaled(perSecond)), steady: open(60_000, scaled(perMinute)), refused: 0 };
    windows.set(operation, opened);
    return opened;
  }

  function scaled(most: number): number {
    return scale === 'none' ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(most * scale));
  }

  return {
    spend(operation, now = Date.now()) {
      const account = windowsOf(operation);
      const { burst, steady } = account;
      for (const window of [burst, steady]) renew(window, now);
      const full = [steady, burst].find((window) => window.used >= window.most);
      if (full !== undefined) {
        account.refused += 1;
        return { refused: true, retryAfterSeconds: secondsLeft(full, now) };
      }
      burst.used += 1;
      steady.used += 1;
      return { refused: false, headers: scale === 'none' ? {} : headersOf(steady, now) };
    },
    usage(now = Date.now()) {
      return [...windows].map(([operation, { burst, steady, refused }]) => {
        renew(steady, now);
        return { operation, perSecond: burst.most, perMinute: steady.most, usedThisMinute: steady.used, refused };
      });
    },
    reset: () => windows.clear(),
  };
}

function open(lengthMs: number, most: number): Window {
  return { lengthMs, most, used: 0, endsAt: 0 };
}

/** A window begins with the first request after the last one ended. */
function renew(window: Window, now: number): void {
  if (now < window.endsAt) return;
  window.used = 0;
  window.endsAt = now + window.lengthMs;
}

function secondsLeft(window: Window, now: number): number {
  return Math.max(1, Math.ceil((window.endsAt - now) / 1_000));
}

function headersOf(steady: Window, now: number): Record<string, string> {
  return {
    'ratelimit-limit': String(steady.most),
    'ratelimit-remaining': String(steady.most - steady.used),
    'ratelimit-reset': String(secondsLeft(steady, now)),
  };
}
