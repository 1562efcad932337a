/**
 * Rate limiter per endpoint. Stays below the limits of a second and a minute. A token bucket with a small burst spreads a
 * minute's budget evenly. Each lane's pace leaves room for its burst, so that the minute is never used up before it is over,
 * and a reserve of the minute is kept for the lanes above. Other integrations of the account use the same quota, and
 * Klaviyo's headers describe the second only: a 429 that the own count does not explain shows them.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndpointName, endpoints } from './endpoints.ts';
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts';

/** The lanes, the one with priority first: what is behind a placed order must not hold it up. */
export const lanes = ['realtime', 'cart', 'bulk'] as const;
export type Lane = (typeof lanes)[number];

export interface RateLimiterSettings {
  /** Factor on the published limits; not 1 for an account with limits of its own. */
  scale?: number;
  /** Share of the published limits that this service uses, 0 to 1. */
  rateLimitShare: number;
  /** Share of a minute that bulk leaves unused while a lane above or another API client is active, 0 to 1; carts leave half. */
  realtimeReserve: number;
  /** What only other processes send. This one can't see when they do, so it always leaves room for them. */
  sentElsewhere?: 'realtime' | 'bulk' | undefined;
}

/**
 * `contested`: another API client uses the quota as well, so that requests have to be worth it. `blocked`: Klaviyo demands a
 * wait.
 */
export type QuotaState = 'free' | 'contested' | 'blocked';

export interface RateLimiter {
  /** @returns 0 when a token was acquired, to be used now; otherwise milliseconds until the next attempt is useful */
  tryAcquire(endpoint: EndpointName, lane: Lane): number;
  /**
   * Waits for a token and acquires it. Rejects when the signal is aborted first.
   * @returns 0 when acquired; otherwise the wait in milliseconds, which exceeds `maxWaitMs`
   */
  acquire(endpoint: EndpointName, lane: Lane, signal: AbortSignal): Promise<number>;
  /** To be called once per acquired token; without a response when the request failed or was not sent. */
  onResponse(endpoint: EndpointName, response?: { status: number; headers: RateHeaders }): void;
  quotaOf(endpoint: EndpointName): QuotaState;
  /**
   * Requests of the last minute against the limit, per endpoint that was used. `remaining` is Klaviyo's number when its
   * headers describe the minute, else the limit without this process's own requests.
   */
  usage(): { endpoint: EndpointName; sentLastMinute: number; perMinute: number; remaining: number }[];
}

export interface RateHeaders {
  retryAfterMs?: number;
  /** Of the minute; absent when the headers describe another window. */
  remaining?: number;
  resetMs?: number;
  /** The account's own limits of this endpoint. */
  perSecond?: number;
  perMinute?: number;
}

const secondMs = 1_000;
const minuteMs = 60_000;
/**
 * Maximum wait of `acquire` for the quota. A longer wait belongs to the caller: a broker redelivers, a run reports why it is
 * paused. Waits for the pace of carts and bulk are not limited.
 */
export const maxWaitMs = 5_000;
/** Requests arrive at Klaviyo later than they were sent, so a window counts as this much longer. */
const slackMs = 50;
/** Headers state a window's end in whole seconds: ends that differ by less belong to the same window. */
const sameWindowMs = 2_000;
/** For so long after a 429 that the own count does not explain, bulk leaves unused what others were seen to use. */
const contestedMs = 600_000;
/** Share of a minute that is left to them in addition, and the least and the most that is left. */
const othersMargin = 0.1;
const minOthersShare = 0.2;
const maxOthersShare = 0.5;
/** Share of a minute's budget that a lane may send at once after a quiet time. */
const burstShare: Record<Lane, number> = { realtime: 0.1, cart: 0.05, bulk: 0.02 };
/** Share of the reserves that a lane leaves unused. */
const reserveShare: Record<Lane, number> = { realtime: 0, cart: 0.5, bulk: 1 };

const never = Number.NEGATIVE_INFINITY;

interface EndpointWindow {
  budget: Budget;
  sent: SlidingWindow;
  /** Requests without a response yet; Klaviyo may or may not have counted them. */
  inFlight: number;
  blockedUntil: number;
  /** Unused tokens, capped at the burst size. */
  tokens: number;
  tokensAt: number;
  /** When the next request of a lane is due by the lane's own pace. */
  dueAt: Record<Lane, number>;
  lastSentAt: number;
  /** Klaviyo's own window: what remains of it after the requests that were sent since the last response. */
  serverWindow?: { remaining: number; resetsAt: number };
  /** When a response last showed that another API client uses the quota. */
  externalUseAt: number;
  /** When a 429 came although the own count was below the limits. */
  unexplainedAt: number;
  /** Share of a minute that others used at that time. */
  othersShare: number;
}

/** @param now milliseconds; monotonic */
export function createRateLimiter(
  settings: RateLimiterSettings,
  now: () => number = () => performance.now(),
): RateLimiter {
  const windows = new Map<EndpointName, EndpointWindow>();
  /** When a lane last asked for a token. */
  const askedAt: Record<Lane, number> = { realtime: never, cart: never, bulk: never };

  function windowOf(endpoint: EndpointName): EndpointWindow {
    const existing = windows.get(endpoint);
    if (existing) return existing;
    const created: EndpointWindow = {
      budget: budgetOf(publishedLimits(endpoint, settings), settings),
      sent: createSlidingWindow(minuteMs + slackMs),
      inFlight: 0,
      blockedUntil: 0,
      tokens: Number.POSITIVE_INFINITY,
      tokensAt: now(),
      dueAt: { realtime: never, cart: never, bulk: never },
      lastSentAt: never,
      externalUseAt: never,
      unexplainedAt: never,
      othersShare: 0,
    };
    windows.set(endpoint, created);
    return created;
  }

  /** @returns milliseconds until this lane may send, whether Klaviyo's responses require that wait, and the lane's pace */
  function nextToken(endpoint: EndpointName, lane: Lane) {
    const window = windowOf(endpoint);
    const at = now();
    const { budget } = window;
    if (window.blockedUntil > at)
      return { waitMs: window.blockedUntil - at, requiredByServer: true, intervalMs: budget.tokenIntervalMs };
    refill(window, at);
    const above = lanes.slice(0, lanes.indexOf(lane)).map((other) => askedAt[other]);
    const isReserved =
      settings.sentElsewhere === 'realtime' || at - Math.max(window.externalUseAt, ...above) < minuteMs;
    const reserves = Math.max(
      isReserved ? settings.realtimeReserve : 0,
      isContested(window, at) ? window.othersShare : 0,
    );
    const reserve = reserves * reserveShare[lane];
    const perMinute = Math.max(1, Math.floor(budget.perMinute * (1 - reserve)));
    // At this pace a burst at the start of a minute does not leave its end without budget.
    const intervalMs = minuteMs / Math.max(1, perMinute - budget.burst[lane] + 1);
    const waits = [
      window.sent.msUntilBelow(budget.perSecond, secondMs + slackMs, at),
      window.sent.msUntilBelow(perMinute, minuteMs + slackMs, at),
      msUntilToken(window, lane),
      window.dueAt[lane] - (budget.burst[lane] - 1) * intervalMs - at,
    ];
    const serverMs = msUntilServerAllows(window, budget.published - perMinute, at);
    return {
      waitMs: Math.max(0, serverMs, ...waits),
      requiredByServer: serverMs > 0,
      intervalMs,
    };
  }

  function takeToken(endpoint: EndpointName, lane: Lane): number {
    const { waitMs, intervalMs } = nextToken(endpoint, lane);
    if (waitMs > 0) return Math.ceil(waitMs);
    const window = windowOf(endpoint);
    const at = now();
    window.sent.add(at);
    window.inFlight += 1;
    window.tokens -= 1;
    window.lastSentAt = at;
    window.dueAt[lane] = Math.max(at, window.dueAt[lane]) + intervalMs;
    if (window.serverWindow) window.serverWindow.remaining -= 1;
    return 0;
  }

  return {
    tryAcquire(endpoint, lane) {
      askedAt[lane] = now();
      return takeToken(endpoint, lane);
    },
    async acquire(endpoint, lane, signal) {
      askedAt[lane] = now();
      for (;;) {
        signal.throwIfAborted();
        const waitMs = takeToken(endpoint, lane);
        if (waitMs === 0) return 0;
        if (waitMs > maxWaitMs && (lane === 'realtime' || nextToken(endpoint, lane).requiredByServer)) return waitMs;
        await sleep(waitMs, undefined, { signal });
      }
    },
    onResponse(endpoint, response) {
      const window = windowOf(endpoint);
      window.inFlight = Math.max(0, window.inFlight - 1);
      if (!response) return;
      const { status, headers } = response;
      const at = now();
      if (status === 429) {
        if (!isExplained(window, at)) noteOthers(window, at);
        window.blockedUntil = Math.max(window.blockedUntil, at + (headers.retryAfterMs ?? secondMs));
        return;
      }
      learnLimits(window, headers, settings);
      if (headers.remaining === undefined || headers.resetMs === undefined) return;
      const resetsAt = at + headers.resetMs;
      const { serverWindow: known } = window;
      const isSame = known !== undefined && Math.abs(known.resetsAt - resetsAt) < sameWindowMs;
      if (isSame && headers.remaining < known.remaining) window.externalUseAt = at;
      window.serverWindow = {
        remaining: headers.remaining - window.inFlight,
        // Rounded up to whole seconds in the header: the earliest end of a window is the most accurate.
        resetsAt: isSame ? Math.min(known.resetsAt, resetsAt) : resetsAt,
      };
    },
    quotaOf(endpoint) {
      const window = windows.get(endpoint);
      if (window && window.blockedUntil > now()) return 'blocked';
      const isUsedElsewhere = settings.sentElsewhere === 'bulk' || (window && isContested(window, now()));
      return isUsedElsewhere ? 'contested' : 'free';
    },
    usage: () =>
      [...windows].map(([endpoint, { budget, sent, serverWindow }]) => {
        const sentLastMinute = sent.countWithin(minuteMs, now());
        const perMinute = budget.published;
        const isDescribed = serverWindow !== undefined && serverWindow.resetsAt > now();
        const remaining = isDescribed ? serverWindow.remaining : Math.max(0, perMinute - sentLastMinute);
        return { endpoint, sentLastMinute, perMinute, remaining };
      }),
  };
}

interface Limits {
  perSecond: number;
  perMinute: number;
}

interface Budget {
  perSecond: number;
  perMinute: number;
  /** Klaviyo's limit of a minute, before `rateLimitShare`. */
  published: number;
  publishedPerSecond: number;
  tokenIntervalMs: number;
  /** Tokens that a lane may use at once. */
  burst: Record<Lane, number>;
}

function publishedLimits(endpoint: EndpointName, { scale = 1 }: RateLimiterSettings): Limits {
  const { perSecond, perMinute } = endpoints[endpoint];
  return { perSecond: perSecond * scale, perMinute: perMinute * scale };
}

/** Adopts the account's own limits, which may differ from the published ones. */
function learnLimits(
  window: EndpointWindow,
  { perSecond, perMinute }: RateHeaders,
  settings: RateLimiterSettings,
): void {
  if (perSecond === undefined || perMinute === undefined || perSecond < 1 || perMinute < 1) return;
  const { budget } = window;
  if (budget.publishedPerSecond === perSecond && budget.published === perMinute) return;
  window.budget = budgetOf({ perSecond, perMinute }, settings);
}

/** @returns whether the own requests are as many as the limits allow: a 429 is due to them */
function isExplained({ budget, sent }: EndpointWindow, at: number): boolean {
  return (
    sent.countWithin(secondMs + slackMs, at) >= budget.publishedPerSecond ||
    sent.countWithin(minuteMs + slackMs, at) >= budget.published
  );
}

function isContested({ unexplainedAt }: EndpointWindow, at: number): boolean {
  return at - unexplainedAt < contestedMs;
}

/** The minute is used up, and what this process did not send others did. */
function noteOthers(window: EndpointWindow, at: number): void {
  const own = window.sent.countWithin(minuteMs + slackMs, at) / window.budget.published;
  const seen = Math.min(maxOthersShare, Math.max(minOthersShare, 1 - own + othersMargin));
  window.othersShare = isContested(window, at) ? Math.max(window.othersShare, seen) : seen;
  window.unexplainedAt = at;
}

function budgetOf(limits: Limits, { rateLimitShare }: Pick<RateLimiterSettings, 'rateLimitShare'>): Budget {
  const perMinute = Math.max(1, Math.floor(limits.perMinute * rateLimitShare));
  return {
    perSecond: Math.max(1, Math.floor(limits.perSecond * rateLimitShare)),
    perMinute,
    published: limits.perMinute,
    publishedPerSecond: limits.perSecond,
    tokenIntervalMs: minuteMs / perMinute,
    burst: {
      realtime: Math.max(1, Math.floor(perMinute * burstShare.realtime)),
      cart: Math.max(1, Math.floor(perMinute * burstShare.cart)),
      bulk: Math.max(1, Math.floor(perMinute * burstShare.bulk)),
    },
  };
}

function refill(window: EndpointWindow, at: number): void {
  const { tokenIntervalMs, burst } = window.budget;
  window.tokens = Math.min(burst.realtime, window.tokens + (at - window.tokensAt) / tokenIntervalMs);
  window.tokensAt = at;
}

/** A lane uses only the first part of a burst and leaves the rest to the lanes above. */
function msUntilToken({ budget: { tokenIntervalMs, burst }, tokens }: EndpointWindow, lane: Lane): number {
  const required = burst.realtime - burst[lane] + 1;
  return tokens >= required ? 0 : (required - tokens) * tokenIntervalMs;
}

/**
 * Spreads what remains of Klaviyo's window evenly over the rest of that window.
 * @param excluded requests of a minute that are not for this lane: others' share and the reserve
 */
function msUntilServerAllows(window: EndpointWindow, excluded: number, at: number): number {
  const { serverWindow } = window;
  if (!serverWindow) return 0;
  const restMs = serverWindow.resetsAt - at;
  if (restMs <= 0) {
    delete window.serverWindow;
    return 0;
  }
  const available = serverWindow.remaining - excluded;
  if (available < 1) return restMs;
  // Near the end of a window single requests cannot be spread exactly.
  const toleranceMs = Math.min(100, restMs);
  return window.lastSentAt + restMs / available - toleranceMs - at;
}
