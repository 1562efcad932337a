/** HTTP client for Klaviyo, with rate limits and retries. Why not the SDK: docs/decisions.md. */
import pRetry from 'p-retry';
import { Pool } from 'undici';
import { z } from 'zod';
import { textWithin } from '../../lib/bounded-text.ts';
import { codeOf } from '../../lib/errors.ts';
import { parseJson } from '../../lib/json.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { observeRequest } from '../../telemetry/request.ts';
import { type EndpointName, endpoints, revision } from './endpoints.ts';
import { type ApiFailure, classify } from './errors.ts';
import {
  createRateLimiter,
  type Lane,
  maxWaitMs,
  type RateHeaders,
  type RateLimiter,
  type RateLimiterSettings,
} from './rate-limiter.ts';

export interface KlaviyoClientSettings extends RateLimiterSettings {
  /** `https://a.klaviyo.com`, the sandbox, or a proxy. */
  url: string;
  /** Private key, `pk_…`. */
  key: string;
  /** Timeout of one request in milliseconds. */
  timeoutMs: number;
  /** Maximum retries of a request that failed as `unavailable`. */
  retries: number;
}

export interface ApiCall {
  endpoint: EndpointName;
  /** Replaces `{id}` in the path; encoded here. */
  id?: string | undefined;
  query?: Record<string, string>;
  /** An object is serialised once; a string is sent unchanged. */
  body?: object | string | undefined;
  lane: Lane;
  signal: AbortSignal;
  /** The token of the first attempt was acquired already by `tryAcquire`. */
  acquired?: boolean | undefined;
}

export type ApiResult = { ok: true; status: number; body: unknown } | { ok: false; failure: ApiFailure };

export interface KlaviyoClient {
  /** Never rejects on a failed request: the result holds the failure. */
  call(call: ApiCall): Promise<ApiResult>;
  /** Follows `links.next`. Yields each page's body; a failure is the last result. */
  pages(call: ApiCall): AsyncGenerator<ApiResult>;
  /** Acquires a token before the request is built: the batcher fills a body only when it can be sent. */
  tryAcquire: RateLimiter['tryAcquire'];
  /** To be called when no request follows `tryAcquire`. */
  releaseToken(endpoint: EndpointName): void;
  quotaOf: RateLimiter['quotaOf'];
  usage: RateLimiter['usage'];
  close(): Promise<void>;
}

/** Makes p-retry retry; never leaves this file. */
class RetryableError extends Error {
  readonly failure: Extract<ApiFailure, { type: 'unavailable' }>;
  constructor(failure: RetryableError['failure']) {
    super(failure.type);
    this.failure = failure;
  }
}

/** Several times what the largest pages have. */
const maxAnswerBytes = 32_000_000;

/** A longer wait is a mistake or an attack: the API is tried again after this time. */
const maxRetryAfterMs = 60 * 60 * 1_000;

const nextLink = z.looseObject({ links: z.looseObject({ next: z.string().nullish() }).optional() });

/** Opens no connection before the first call. @param events receives an event per request */
export function createKlaviyoClient(settings: KlaviyoClientSettings, events?: AppEvents): KlaviyoClient {
  const base = new URL(settings.url);
  const pool = new Pool(base.origin, {
    connections: 32,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
  });
  const rateLimiter = createRateLimiter(settings);

  async function sendWithinLimit(call: ApiCall, body: string | undefined, acquired: boolean): Promise<ApiResult> {
    const waitMs = acquired ? 0 : await rateLimiter.acquire(call.endpoint, call.lane, call.signal);
    if (waitMs > 0) return unavailable("this endpoint's rate limit at Klaviyo is used up", waitMs);
    const { method, path } = endpoints[call.endpoint];
    const info = { events, api: 'klaviyo', endpoint: call.endpoint, method, path, host: base.hostname } as const;
    const response = await observeRequest(info, () => send(call, body)).catch((thrown: unknown) => ({
      unreachable: codeOf(thrown),
    }));
    if ('unreachable' in response) {
      rateLimiter.onResponse(call.endpoint);
      return unavailable(`Klaviyo can't be reached (${response.unreachable})`);
    }
    const { status, headers, text } = response;
    const rates = rateHeaders(headers);
    rateLimiter.onResponse(call.endpoint, { status, headers: rates });
    return toResult({ status, text, rates, isWrite: method !== 'GET' }, body);
  }

  async function send(call: ApiCall, body: string | undefined) {
    // Not AbortSignal.timeout: bulk runs stalled with it, and its timers outlive the requests.
    const timeout = new AbortController();
    const abort = () => timeout.abort(new DOMException('no answer in time', 'TimeoutError'));
    const timer = setTimeout(abort, settings.timeoutMs);
    try {
      const response = await pool.request({
        method: endpoints[call.endpoint].method,
        path: pathOf(base, call),
        headers: {
          authorization: `Klaviyo-API-Key ${settings.key}`,
          revision,
          'x-klaviyo-revision-fall-forward-opt-out': '1',
          accept: 'application/vnd.api+json',
          ...(body === undefined ? {} : { 'content-type': 'application/vnd.api+json' }),
        },
        ...omitUndefined({ body }),
        signal: timeout.signal,
      });
      const text = await textWithin(response.body, maxAnswerBytes);
      return { status: response.statusCode, headers: response.headers, text };
    } finally {
      clearTimeout(timer);
    }
  }

  async function attempt(call: ApiCall, body: string | undefined, acquired: boolean): Promise<ApiResult> {
    try {
      return await sendWithinLimit(call, body, acquired);
    } catch (thrown) {
      if (call.signal.aborted) return unavailable('the deadline passed before the request was sent to Klaviyo');
      throw thrown;
    }
  }

  async function call(request: ApiCall): Promise<ApiResult> {
    const body = typeof request.body === 'object' ? JSON.stringify(request.body) : request.body;
    const { maxBytes } = endpoints[request.endpoint];
    if (body !== undefined && Buffer.byteLength(body) > maxBytes) {
      if (request.acquired) rateLimiter.onResponse(request.endpoint);
      const errors = [{ code: 'too_large', detail: `larger than ${maxBytes} bytes` }];
      return { ok: false, failure: { type: 'rejected', status: 413, errors } };
    }
    let lastResult: ApiResult | undefined;
    try {
      return await pRetry(
        async (attempts) => {
          const result = await attempt(request, body, request.acquired === true && attempts === 1);
          lastResult = result;
          if (!result.ok && result.failure.type === 'unavailable') throw new RetryableError(result.failure);
          return result;
        },
        {
          retries: settings.retries,
          minTimeout: 200,
          factor: 3,
          randomize: true,
          signal: request.signal,
          // A longer wait is up to the broker or the run.
          shouldRetry: ({ error }) => error instanceof RetryableError && (error.failure.retryAfterMs ?? 0) <= maxWaitMs,
        },
      );
    } catch (thrown) {
      if (thrown instanceof RetryableError) return { ok: false, failure: thrown.failure };
      // A request that was in flight when the deadline passed has a result of its own.
      if (request.signal.aborted) return lastResult ?? unavailable('the deadline passed before Klaviyo answered');
      throw thrown;
    }
  }

  async function* pages(first: ApiCall): AsyncGenerator<ApiResult> {
    let next: ApiCall | undefined = first;
    const seen = new Set<string>();
    while (next) {
      const result: ApiResult = await call(next);
      yield result;
      if (!result.ok) return;
      const parsed = nextLink.safeParse(result.body);
      const link: string | null | undefined = parsed.success ? parsed.data.links?.next : undefined;
      if (!link) return;
      if (!URL.canParse(link, base.href)) return yield unavailable('Klaviyo linked the next page in an unknown shape');
      if (seen.has(link)) return yield unavailable('Klaviyo links a page that was read already');
      seen.add(link);
      next = { ...first, query: Object.fromEntries(new URL(link, base).searchParams) };
    }
  }

  const { tryAcquire, quotaOf, usage } = rateLimiter;
  return {
    ...{ call, pages, tryAcquire, quotaOf, usage },
    releaseToken: (endpoint) => rateLimiter.onResponse(endpoint),
    close: () => pool.close(),
  };
}

/** The body of a success is a JSON:API document, except with the statuses below, which have none. */
const document = z.looseObject({ data: z.union([z.array(z.unknown()), z.looseObject({}), z.null()]) });
const emptyStatuses = [202, 204];

function toResult(
  { status, text, rates, isWrite }: { status: number; text: string; rates: RateHeaders; isWrite: boolean },
  requestBody: string | undefined,
): ApiResult {
  if (status >= 200 && status < 300) {
    const body = text === '' ? undefined : parseJson(text);
    if (text !== '' && body === undefined)
      return unavailable(`Klaviyo answered ${status} with a body that is not JSON`);
    // Something else than Klaviyo may have answered: nothing says that a write had its effect. Callers parse what they read.
    if (isWrite && (text === '' ? !emptyStatuses.includes(status) : !document.safeParse(body).success))
      return unavailable(`Klaviyo answered ${status} in an unknown shape`);
    return { ok: true, status, body };
  }
  const failure = classify(status, text, requestBody);
  if (failure.type !== 'unavailable' || rates.retryAfterMs === undefined) return { ok: false, failure };
  return { ok: false, failure: { ...failure, retryAfterMs: rates.retryAfterMs } };
}

function unavailable(reason: string, retryAfterMs?: number): ApiResult {
  return { ok: false, failure: omitUndefined({ type: 'unavailable' as const, reason, retryAfterMs }) };
}

function pathOf(base: URL, { endpoint, id, query }: ApiCall): string {
  const path = endpoints[endpoint].path.replace('{id}', encodeURIComponent(id ?? ''));
  const search = query ? `?${new URLSearchParams(query)}` : '';
  return `${base.pathname.replace(/\/$/, '')}${path}${search}`;
}

function rateHeaders(headers: Record<string, string | string[] | undefined>): RateHeaders {
  const number = (name: string) => {
    const value = Number.parseFloat(String(headers[name] ?? ''));
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const [retryAfter, reset] = [number('retry-after'), number('ratelimit-reset')];
  const limits = rateLimitPolicy(String(headers['ratelimit-limit'] ?? ''));
  // The first number is that of the window which `remaining` and `reset` describe: the second's, in every recording.
  const isMinute = limits.described === limits.perMinute && limits.perMinute !== limits.perSecond;
  return omitUndefined({
    retryAfterMs: retryAfter && Math.min(retryAfter * 1_000, maxRetryAfterMs),
    remaining: isMinute ? number('ratelimit-remaining') : undefined,
    resetMs: isMinute ? reset && reset * 1_000 : undefined,
    perSecond: limits.perSecond,
    perMinute: limits.perMinute,
  });
}

/** Parses `75, 75;w=1, 750;w=60`: the limit of the described window, then each window's limit with its seconds. */
function rateLimitPolicy(header: string): { described?: number; perSecond?: number; perMinute?: number } {
  const ofWindow = (seconds: number) => new RegExp(`(\\d+)\\s*;\\s*w=${seconds}(?:\\D|$)`).exec(header)?.[1];
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return omitUndefined({
    described: number(/^\s*(\d+)\s*(?:,|$)/.exec(header)?.[1]),
    perSecond: number(ofWindow(1)),
    perMinute: number(ofWindow(60)),
  });
}
