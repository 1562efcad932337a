/**
 * Enforces Klaviyo's rate limits: per operation and account, a fixed window of one second, one of a minute, and one of a day
 * where an operation has a limit of a day.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
 */
import { type Operation, type OperationName, operations } from './operations.ts';

/** Factor on the documented limits: 1 enforces them as documented, 'none' disables limits and headers. */
export type LimitScale = number | 'none';

type Window = { lengthMs: number; max: number; used: number; endsAt: number };

type Usage = {
  operation: OperationName;
  perSecond: number;
  perMinute: number;
  usedThisMinute: number;
  throttled: number;
};

type SpendResult =
  | { throttled: true; retryAfterSeconds: number }
  | { throttled: false; headers: Record<string, string> };

export type RateLimiter = {
  /** Counts one request at `now` (milliseconds since the epoch). A throttled request does not count. */
  spend(operation: OperationName, now?: number): SpendResult;
  usage(now?: number): Usage[];
  reset(): void;
};

/** Creates a rate limiter with unused windows. */
export function createRateLimiter(scale: LimitScale): RateLimiter {
  const windows = new Map<OperationName, { burst: Window; steady: Window; daily: Window; throttled: number }>();

  function windowsOf(operation: OperationName) {
    const known = windows.get(operation);
    if (known !== undefined) return known;
    const { perSecond, perMinute, perDay = Number.POSITIVE_INFINITY }: Operation = operations[operation];
    const created = {
      burst: createWindow(1_000, scaled(perSecond)),
      steady: createWindow(60_000, scaled(perMinute)),
      daily: createWindow(86_400_000, scaled(perDay)),
      throttled: 0,
    };
    windows.set(operation, created);
    return created;
  }

  function scaled(max: number): number {
    return scale === 'none' ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(max * scale));
  }

  return {
    spend(operation, now = Date.now()) {
      const usage = windowsOf(operation);
      const { burst, steady, daily } = usage;
      for (const window of [burst, steady, daily]) renew(window, now);
      const full = [daily, steady, burst].find((window) => window.used >= window.max);
      if (full !== undefined) {
        usage.throttled += 1;
        return { throttled: true, retryAfterSeconds: secondsLeft(full, now) };
      }
      burst.used += 1;
      steady.used += 1;
      daily.used += 1;
      return { throttled: false, headers: scale === 'none' ? {} : headersOf(burst, steady) };
    },
    usage(now = Date.now()) {
      return [...windows].map(([operation, { burst, steady, throttled }]) => {
        renew(steady, now);
        return { operation, perSecond: burst.max, perMinute: steady.max, usedThisMinute: steady.used, throttled };
      });
    },
    reset: () => windows.clear(),
  };
}

function createWindow(lengthMs: number, max: number): Window {
  return { lengthMs, max, used: 0, endsAt: 0 };
}

/** Starts a new window with the first request after the previous window ended. */
function renew(window: Window, now: number): void {
  if (now < window.endsAt) return;
  window.used = 0;
  window.endsAt = now + window.lengthMs;
}

function secondsLeft(window: Window, now: number): number {
  return Math.max(1, Math.ceil((window.endsAt - now) / 1_000));
}

/** Returns the headers of a response. They describe the second's window; the use of the minute is never shown. */
function headersOf(burst: Window, steady: Window): Record<string, string> {
  return {
    'ratelimit-limit': `${burst.max}, ${burst.max};w=1, ${steady.max};w=60`,
    'ratelimit-remaining': String(burst.max - burst.used),
    'ratelimit-reset': '0',
  };
}
