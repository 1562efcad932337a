/**
 * Klaviyo over HTTP: one call, one outcome. Sends prepared bytes with undici (why not through the SDK: docs/decisions.md),
 * waits for the throttle, repeats what is worth repeating within its patience.
 */
import pRetry from 'p-retry';
import { Pool } from 'undici';
import { z } from 'zod';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { observeRequest, type RequestInfo } from '../../telemetry/request.ts';
import { type EndpointName, endpoints, revision } from './endpoints.ts';
import { type ApiFailure, classify, parseJson } from './errors.ts';
import {
  createRateLimiter,
  type Lane,
  longestWaitMs,
  type RateHeaders,
  type RateLimiter,
  type RateLimiterSettings,
} from './rate-limiter.ts';

export interface KlaviyoClientSettings extends RateLimiterSettings {
  /** `https://a.klaviyo.com`, the sandbox, or a proxy. */
  url: string;
  /** Private key, `pk_…`. */
  key: string;
  /** Milliseconds that one request may take. */
  timeoutMs: number;
  /** How often a request is repeated that Klaviyo could not answer now. */
  retries: number;
}

export interface ApiCall {
  endpoint: EndpointName;
  /** Fills `{id}` of the path; encoded here. */
  id?: string;
  query?: Record<string, string>;
  /** Serialised once by JSON.stringify; a text is sent as it is. */
  body?: object | string;
  lane: Lane;
  signal: AbortSignal;
  /** The turn for the first try was taken already (Throttle.take). */
  acquired?: boolean;
}

export type ApiResult = { ok: true; status: number; body: unknown } | { ok: false; failure: ApiFailure };

export interface KlaviyoClient {
  /** Never rejects: what went wrong is in the answer. */
  call(call: ApiCall): Promise<ApiResult>;
  /** Follows `links.next`. Yields each page's body, or the failure that ended the list. */
  pages(call: ApiCall): AsyncGenerator<ApiResult>;
  /** See Throttle.take: for who decides at the last moment what goes into a body. */
  tryAcquire: RateLimiter['tryAcquire'];
  usage: RateLimiter['usage'];
  close(): Promise<void>;
}

/** Thrown inside only, so that the retry library sees it. */
class WorthRepeating extends Error {
  readonly failure: ApiFailure;
  constructor(failure: ApiFailure) {
    super(failure.type);
    this.failure = failure;
  }
}

const nextLink = z.looseObject({ links: z.looseObject({ next: z.string().nullish() }).optional() });

/**
 * @param settings see KlaviyoClientSettings; opens no connection before the first call
 * @param activity is told of every request
 */
export function createKlaviyoClient(settings: KlaviyoClientSettings, events?: AppEvents): KlaviyoClient {
  const base = new URL(settings.url);
  const pool = new Pool(base.origin, {
    connections: 32,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
  });
  const throttle = createRateLimiter(settings);

  async function once(call: ApiCall, bytes: string | undefined, acquired: boolean): Promise<ApiResult> {
    const admitted = acquired ? taken : await throttle.acquire(call.endpoint, call.lane, call.signal);
    if (!admitted.go) return later(admitted.waitMs);
    const { status, headers, text } = await observeRequest(aboutOf(call), () => request(call, bytes)).catch(
      (thrown) => {
        throttle.onResponse(call.endpoint);
        throw thrown;
      },
    );
    const rates = rateHeaders(headers);
    throttle.onResponse(call.endpoint, { status, headers: rates });
    return answerOf({ status, text, sent: bytes, rates });
  }

  function aboutOf({ endpoint }: ApiCall): RequestInfo {
    const { method, path } = endpoints[endpoint];
    return { events, api: 'klaviyo', endpoint, method, path, host: base.hostname };
  }

  async function request(call: ApiCall, bytes: string | undefined) {
    const { method } = endpoints[call.endpoint];
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new DOMException('no answer in time', 'TimeoutError')),
      settings.timeoutMs,
    );
    try {
      const response = await pool.request({
        method,
        path: pathOf(base, call),
        headers: {
          authorization: `Klaviyo-API-Key ${settings.key}`,
          revision,
          'x-klaviyo-revision-fall-forward-opt-out': '1',
          accept: 'application/vnd.api+json',
          ...(bytes === undefined ? {} : { 'content-type': 'application/vnd.api+json' }),
        },
        ...(bytes === undefined ? {} : { body: bytes }),
        signal: late.signal,
      });
      return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
    } finally {
      clearTimeout(timer);
    }
  }

  async function attempt(call: ApiCall, bytes: string | undefined, acquired: boolean): Promise<ApiResult> {
    try {
      return await once(call, bytes, acquired);
    } catch (thrown) {
      if (call.signal.aborted) return unavailable('the deadline passed before Klaviyo was asked');
      return unavailable(`Klaviyo can't be reached (${codeOf(thrown)})`);
    }
  }

  async function call(call: ApiCall): Promise<ApiResult> {
    const bytes = typeof call.body === 'object' ? JSON.stringify(call.body) : call.body;
    const { maxBytes } = endpoints[call.endpoint];
    if (bytes !== undefined && Buffer.byteLength(bytes) > maxBytes) {
      if (call.acquired) throttle.onResponse(call.endpoint);
      return {
        ok: false,
        failure: {
          type: 'rejected',
          status: 413,
          errors: [{ code: 'too_large', detail: `larger than ${maxBytes} bytes` }],
        },
      };
    }
    let last: ApiResult | undefined;
    try {
      return await pRetry(
        async (tries) => {
          const answer = await attempt(call, bytes, call.acquired === true && tries === 1);
          last = answer;
          if (!answer.ok && answer.failure.type === 'unavailable') throw new WorthRepeating(answer.failure);
          return answer;
        },
        {
          retries: settings.retries,
          minTimeout: 200,
          factor: 3,
          randomize: true,
          signal: call.signal,
          shouldRetry: ({ error }) => error instanceof WorthRepeating && isSoon(error.failure),
        },
      );
    } catch (thrown) {
      if (thrown instanceof WorthRepeating) return { ok: false, failure: thrown.failure };
      // What was in flight when the patience ended is answered all the same.
      if (call.signal.aborted) return last ?? unavailable('the deadline passed before Klaviyo answered');
      throw thrown;
    }
  }

  async function* pages(first: ApiCall): AsyncGenerator<ApiResult> {
    let next: ApiCall | undefined = first;
    while (next) {
      const answer: ApiResult = await call(next);
      yield answer;
      if (!answer.ok) return;
      const parsed = nextLink.safeParse(answer.body);
      const link: string | null | undefined = parsed.success ? parsed.data.links?.next : undefined;
      if (!link) return;
      if (!URL.canParse(link, base.href)) return yield unavailable('Klaviyo linked the next page in an unknown shape');
      next = { ...first, query: Object.fromEntries(new URL(link, base).searchParams) };
    }
  }

  return { call, pages, tryAcquire: throttle.tryAcquire, usage: throttle.usage, close: () => pool.close() };
}

const taken = { go: true } as const;

interface Said {
  status: number;
  text: string;
  sent: string | undefined;
  rates: RateHeaders;
}

function answerOf({ status, text, sent, rates }: Said): ApiResult {
  if (status >= 200 && status < 300) {
    const body = text === '' ? undefined : parseJson(text);
    if (text !== '' && body === undefined)
      return unavailable(`Klaviyo answered ${status} with something that is not JSON`);
    return { ok: true, status, body };
  }
  const failure = classify(status, text, sent);
  if (failure.type !== 'unavailable' || rates.retryAfterMs === undefined) return { ok: false, failure };
  return { ok: false, failure: { ...failure, retryAfterMs: rates.retryAfterMs } };
}

/** The turn of this endpoint comes too late to wait for it here. */
function later(waitMs: number): ApiResult {
  const reason = 'Klaviyo takes no more of these requests now (rate limit)';
  return { ok: false, failure: { type: 'unavailable', reason, retryAfterMs: waitMs } };
}

function unavailable(reason: string): ApiResult {
  return { ok: false, failure: { type: 'unavailable', reason } };
}

/** Ids hold any character: they are encoded. */
function pathOf(base: URL, { endpoint, id, query }: ApiCall): string {
  const path = endpoints[endpoint].path.replace('{id}', encodeURIComponent(id ?? ''));
  const search = query ? `?${new URLSearchParams(query)}` : '';
  return `${base.pathname.replace(/\/$/, '')}${path}${search}`;
}

function rateHeaders(headers: Record<string, string | string[] | undefined>): RateHeaders {
  const seconds = (name: string) => {
    const value = Number.parseFloat(String(headers[name] ?? ''));
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const retryAfter = seconds('retry-after');
  const remaining = seconds('ratelimit-remaining');
  const reset = seconds('ratelimit-reset');
  return {
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1_000 }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(reset === undefined ? {} : { resetMs: reset * 1_000 }),
  };
}

/** A longer wait is the broker's or the run's, which say so. */
function isSoon(failure: ApiFailure): boolean {
  return failure.type !== 'unavailable' || (failure.retryAfterMs ?? 0) <= longestWaitMs;
}

const coded = z.looseObject({ code: z.string() });

function codeOf(thrown: unknown): string {
  const parsed = coded.safeParse(thrown);
  if (parsed.success) return parsed.data.code;
  return thrown instanceof Error ? thrown.name : 'unknown error';
}
