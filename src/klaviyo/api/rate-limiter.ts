/**
 * When a request may go out. For each endpoint: never more in a second or a minute than Klaviyo publishes, the minute's
 * budget spread evenly, with room for a burst of live messages; the answers' headers are believed over the own count,
 * because other integrations of the merchant spend from the same quota; bulk leaves realtime its reserve.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndpointName, endpoints } from './endpoints.ts';
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts';

export type Lane = 'realtime' | 'bulk';

export interface RateLimiterSettings {
  /** What the published limits are multiplied with: 1, but for an account that was given others. */
  scale?: number;
  /** Part of the published limits that is used, 0 to 1. */
  rateLimitShare: number;
  /** Part of a window that bulk leaves alone while realtime is busy, here or in another process, 0 to 1. */
  realtimeReserve: number;
}

export interface RateLimiter {
  /**
   * Takes a turn if there is one.
   * @returns 0 when it was taken and the request has to go out now; else milliseconds until it is worth asking again
   */
  tryAcquire(endpoint: EndpointName, lane: Lane): number;
  /**
   * Waits for a turn and takes it. Rejects with the signal's reason when it is aborted first.
   * @returns whether it may go; if not, for how long it would have to wait: longer than anybody should here
   */
  acquire(
    endpoint: EndpointName,
    lane: Lane,
    signal: AbortSignal,
  ): Promise<{ go: true } | { go: false; waitMs: number }>;
  /** Every request that took a turn was answered, or never will be: `headers` of an answer, where there was one. */
  onResponse(endpoint: EndpointName, answer?: { status: number; headers: RateHeaders }): void;
  /** For each endpoint that was used: what was sent in the last minute against what may be. */
  usage(): { endpoint: EndpointName; sentLastMinute: number; perMinute: number; remaining?: number }[];
}

export interface RateHeaders {
  retryAfterMs?: number;
  remaining?: number;
  resetMs?: number;
}

const secondMs = 1_000;
const minuteMs = 60_000;
/**
 * Who would have to wait longer is told so at once: a broker delivers again later, a run says what it waits for. Bulk
 * waits for its own pace as long as that takes.
 */
export const longestWaitMs = 5_000;
/** Windows are kept a little longer than Klaviyo's, since requests arrive later than they were sent. */
const slackMs = 50;
/** Answers of one window tell its end in whole seconds, so it may differ by this much. */
const sameWindowMs = 2_000;
/** Part of a minute's budget that may go out at once after a quiet time: realtime may take all of it, bulk this much. */
const burstPart = { realtime: 0.1, bulk: 0.02 } as const;

interface EndpointWindow {
  limits: Budget;
  sent: SlidingWindow;
  /** Requests that wait for their answer: the server may have counted them, or not. */
  pending: number;
  blockedUntil: number;
  /** Turns that have come up and were not taken, up to a burst. */
  tokens: number;
  tokensAt: number;
  /** When bulk's next request is due by its own pace. */
  bulkDueAt: number;
  lastSentAt: number;
  /** What is left of the minute at least, by the last answer and what was sent since, and when that minute ends. */
  serverWindow?: { remaining: number; resetsAt: number };
  /** When an answer showed last that somebody else spends too. */
  externalUseAt: number;
}

/**
 * @param settings see ThrottleSettings
 * @param now milliseconds; monotonic
 */
export function createRateLimiter(
  settings: RateLimiterSettings,
  now: () => number = () => performance.now(),
): RateLimiter {
  const accounts = new Map<EndpointName, EndpointWindow>();
  let realtimeAt = Number.NEGATIVE_INFINITY;

  function accountOf(endpoint: EndpointName): EndpointWindow {
    const known = accounts.get(endpoint);
    if (known) return known;
    const never = Number.NEGATIVE_INFINITY;
    const fresh: EndpointWindow = {
      limits: budgetOf(endpoint, settings),
      sent: createSlidingWindow(minuteMs + slackMs),
      pending: 0,
      blockedUntil: 0,
      tokens: Number.POSITIVE_INFINITY,
      tokensAt: now(),
      bulkDueAt: never,
      lastSentAt: never,
      externalUseAt: never,
    };
    accounts.set(endpoint, fresh);
    return fresh;
  }

  /** Milliseconds until a request of this lane may go out; `told`: Klaviyo said so; the lane's pace. */
  function waitFor(endpoint: EndpointName, lane: Lane): { waitMs: number; told: boolean; turnMs: number } {
    const account = accountOf(endpoint);
    const at = now();
    const { limits } = account;
    if (account.blockedUntil > at) return { waitMs: account.blockedUntil - at, told: true, turnMs: limits.tokenMs };
    refill(account, limits, at);
    const reserved = lane === 'bulk' && at - Math.max(realtimeAt, account.externalUseAt) < minuteMs;
    const minute = minuteOf(limits, reserved ? settings.realtimeReserve : 0);
    const waits = [
      account.sent.untilFewer(limits.perSecond, secondMs + slackMs, at),
      account.sent.untilFewer(minute, minuteMs + slackMs, at),
      untilTurn(account, limits, lane),
    ];
    if (lane === 'bulk') waits.push(account.bulkDueAt - limits.burstMs - at);
    const left = untilToldAllows(account, limits.published - minute, at);
    return { waitMs: Math.max(0, left, ...waits), told: left > 0, turnMs: minuteMs / minute };
  }

  function take(endpoint: EndpointName, lane: Lane): number {
    const { waitMs, turnMs } = waitFor(endpoint, lane);
    if (waitMs > 0) return Math.ceil(waitMs);
    const account = accountOf(endpoint);
    const at = now();
    account.sent.add(at);
    account.pending += 1;
    account.tokens -= 1;
    account.lastSentAt = at;
    if (lane === 'bulk') account.bulkDueAt = Math.max(at, account.bulkDueAt) + turnMs;
    if (account.serverWindow) account.serverWindow.remaining -= 1;
    return 0;
  }

  return {
    tryAcquire(endpoint, lane) {
      if (lane === 'realtime') realtimeAt = now();
      return take(endpoint, lane);
    },
    async acquire(endpoint, lane, signal) {
      if (lane === 'realtime') realtimeAt = now();
      for (;;) {
        signal.throwIfAborted();
        const waitMs = take(endpoint, lane);
        if (waitMs === 0) return { go: true };
        if (waitMs > longestWaitMs && (lane === 'realtime' || waitFor(endpoint, lane).told))
          return { go: false, waitMs };
        await sleep(waitMs, undefined, { signal });
      }
    },
    onResponse(endpoint, answer) {
      const account = accountOf(endpoint);
      account.pending = Math.max(0, account.pending - 1);
      if (!answer) return;
      const { status, headers } = answer;
      const at = now();
      if (status === 429) {
        account.blockedUntil = Math.max(account.blockedUntil, at + (headers.retryAfterMs ?? secondMs));
        return;
      }
      if (headers.remaining === undefined || headers.resetMs === undefined) return;
      const resetsAt = at + headers.resetMs;
      const { serverWindow: told } = account;
      const same = told !== undefined && Math.abs(told.resetsAt - resetsAt) < sameWindowMs;
      if (same && headers.remaining < told.remaining) account.externalUseAt = at;
      // Told in whole seconds, rounded up: of one window the earliest end is the closest.
      account.serverWindow = {
        remaining: headers.remaining - account.pending,
        resetsAt: same ? Math.min(told.resetsAt, resetsAt) : resetsAt,
      };
    },
    usage: () =>
      [...accounts].map(([endpoint, { limits, sent, serverWindow: told }]) => ({
        endpoint,
        sentLastMinute: sent.countWithin(minuteMs, now()),
        perMinute: limits.published,
        ...(told && told.resetsAt > now() ? { remaining: told.remaining } : {}),
      })),
  };
}

interface Budget {
  perSecond: number;
  perMinute: number;
  /** The limit as Klaviyo publishes it. */
  published: number;
  /** Milliseconds from one turn to the next. */
  tokenMs: number;
  burst: Record<Lane, number>;
  /** How far bulk may run ahead of its own pace. */
  burstMs: number;
}

function budgetOf(endpoint: EndpointName, { rateLimitShare, scale = 1 }: RateLimiterSettings): Budget {
  const limits = { perSecond: endpoints[endpoint].perSecond * scale, perMinute: endpoints[endpoint].perMinute * scale };
  const perMinute = Math.max(1, Math.floor(limits.perMinute * rateLimitShare));
  const turnMs = minuteMs / perMinute;
  const burst = {
    realtime: Math.max(1, Math.floor(perMinute * burstPart.realtime)),
    bulk: Math.max(1, Math.floor(perMinute * burstPart.bulk)),
  };
  return {
    perSecond: Math.max(1, Math.floor(limits.perSecond * rateLimitShare)),
    perMinute,
    published: limits.perMinute,
    tokenMs: turnMs,
    burst,
    burstMs: burst.bulk * turnMs,
  };
}

function minuteOf({ perMinute }: Budget, reserve: number): number {
  return Math.max(1, Math.floor(perMinute * (1 - reserve)));
}

function refill(account: EndpointWindow, { tokenMs: turnMs, burst }: Budget, at: number): void {
  account.tokens = Math.min(burst.realtime, account.tokens + (at - account.tokensAt) / turnMs);
  account.tokensAt = at;
}

/** Bulk leaves the rest of a burst to realtime. */
function untilTurn(account: EndpointWindow, { tokenMs: turnMs, burst }: Budget, lane: Lane): number {
  const needed = lane === 'realtime' ? 1 : burst.realtime - burst.bulk + 1;
  return account.tokens >= needed ? 0 : (needed - account.tokens) * turnMs;
}

/** What Klaviyo says is left of the minute, without what is not ours, spread over the rest of that minute. */
function untilToldAllows(account: EndpointWindow, spared: number, at: number): number {
  const { serverWindow: told } = account;
  if (!told) return 0;
  const restMs = told.resetsAt - at;
  if (restMs <= 0) {
    delete account.serverWindow;
    return 0;
  }
  const left = told.remaining - spared;
  if (left < 1) return restMs;
  return account.lastSentAt + restMs / left - restSlackMs(restMs) - at;
}

/** Near a window's end one request more or less is no spread: a tenth of a second of tolerance. */
function restSlackMs(restMs: number): number {
  return Math.min(100, restMs);
}
