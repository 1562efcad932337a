/**
 * When a request may go out. Counts what was sent in the last second and the last minute, so that no window of
 * Klaviyo's, however it lies, sees more than its limit; believes the answers' headers where they know better, because
 * other integrations of the merchant spend from the same quota; leaves realtime its reserve.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EndpointName, endpoints } from './endpoints.ts';

export type Lane = 'realtime' | 'bulk';

export interface ThrottleSettings {
  /** Part of the published limits that is used, 0 to 1. */
  share: number;
  /** Part of a window that bulk leaves alone while realtime is busy, 0 to 1. */
  realtimeReserve: number;
}

export interface Throttle {
  /**
   * Waits until the request may go out, and counts it. Rejects with the signal's reason when it is aborted first.
   * @returns whether it may go; if not, for how long it would have to wait: longer than anybody should here
   */
  admit(endpoint: EndpointName, lane: Lane, signal: AbortSignal): Promise<{ go: true } | { go: false; waitMs: number }>;
  /** Learns from an answer's headers and status. */
  learn(endpoint: EndpointName, status: number, headers: RateHeaders): void;
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

interface Window {
  /** Send times of the last minute, oldest first; never more than the limit of a minute. */
  sent: number[];
  blockedUntil: number;
  /** What the last answer left of the minute, and when that minute ends. */
  told?: { remaining: number; resetsAt: number };
}

/**
 * @param settings see ThrottleSettings
 * @param now milliseconds; monotonic
 */
export function createThrottle(settings: ThrottleSettings, now: () => number = () => performance.now()): Throttle {
  const windows = new Map<EndpointName, Window>();
  let realtimeAt = Number.NEGATIVE_INFINITY;

  function windowOf(endpoint: EndpointName): Window {
    const known = windows.get(endpoint);
    if (known) return known;
    const fresh: Window = { sent: [], blockedUntil: 0 };
    windows.set(endpoint, fresh);
    return fresh;
  }

  /** Milliseconds until a request of this lane may go out; 0 is now. */
  function waitFor(endpoint: EndpointName, lane: Lane): { waitMs: number; told: boolean } {
    const window = windowOf(endpoint);
    const at = now();
    if (window.blockedUntil > at) return { waitMs: window.blockedUntil - at, told: true };
    return { waitMs: untilNextOf(window, endpoint, lane), told: false };
  }

  /** The wait that our own pace asks for. */
  function untilNextOf(window: Window, endpoint: EndpointName, lane: Lane): number {
    const at = now();
    forget(window, at);
    const limits = endpoints[endpoint];
    const reserved = lane === 'bulk' && at - realtimeAt < minuteMs ? settings.realtimeReserve : 0;
    const part = settings.share * (1 - reserved);
    const perSecond = Math.max(1, Math.floor(limits.perSecond * part));
    const perMinute = Math.max(1, Math.floor(limits.perMinute * part));
    if (window.told && window.told.resetsAt <= at) delete window.told;
    const spared = limits.perMinute - perMinute;
    if (window.told && window.told.remaining <= spared) return window.told.resetsAt - at;
    return Math.max(
      untilFree(window.sent, perSecond, secondMs + slackMs, at),
      untilFree(window.sent, perMinute, minuteMs + slackMs, at),
    );
  }

  return {
    async admit(endpoint, lane, signal) {
      if (lane === 'realtime') realtimeAt = now();
      for (;;) {
        signal.throwIfAborted();
        const { waitMs, told } = waitFor(endpoint, lane);
        if (waitMs <= 0) break;
        if (waitMs > longestWaitMs && (told || lane === 'realtime')) return { go: false, waitMs };
        await sleep(Math.ceil(waitMs), undefined, { signal });
      }
      const window = windowOf(endpoint);
      window.sent.push(now());
      if (window.told) window.told.remaining -= 1;
      return { go: true };
    },
    learn(endpoint, status, headers) {
      const window = windowOf(endpoint);
      const at = now();
      if (status === 429) {
        window.blockedUntil = Math.max(window.blockedUntil, at + (headers.retryAfterMs ?? secondMs));
        return;
      }
      if (headers.remaining === undefined || headers.resetMs === undefined) return;
      window.told = { remaining: headers.remaining, resetsAt: at + headers.resetMs };
    },
    usage: () =>
      [...windows].map(([endpoint, window]) => {
        forget(window, now());
        return {
          endpoint,
          sentLastMinute: window.sent.length,
          perMinute: endpoints[endpoint].perMinute,
          ...(window.told ? { remaining: window.told.remaining } : {}),
        };
      }),
  };
}

function forget(window: Window, at: number): void {
  const first = window.sent.findIndex((time) => time > at - minuteMs - slackMs);
  window.sent.splice(0, first === -1 ? window.sent.length : first);
}

/** How long until fewer than `most` of the sent ones lie within the last `spanMs`. */
function untilFree(sent: readonly number[], most: number, spanMs: number, at: number): number {
  const blocking = sent[sent.length - most];
  return blocking === undefined ? 0 : Math.max(0, blocking + spanMs - at);
}
