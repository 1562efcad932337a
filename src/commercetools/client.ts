/** HTTP client for commercetools, on top of its official SDK: tokens, retries of reads, and typed errors. */
import { ClientBuilder } from '@commercetools/ts-client';
import pRetry from 'p-retry';
import { request } from 'undici';
import { z } from 'zod';
import { textWithin } from '../lib/bounded-text.ts';
import { parseJson } from '../lib/json.ts';
import { omitUndefined } from '../lib/omit-undefined.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { observeRequest } from '../telemetry/request.ts';
import { CommercetoolsError, toCommercetoolsError } from './errors.ts';
import { createServerClock, type ServerClock } from './server-clock.ts';

export interface CommercetoolsSettings {
  apiUrl: string;
  authUrl: string;
  projectKey: string;
  clientId: string;
  clientSecret: string;
  /** OAuth scopes to request. Empty: all scopes of the API client. */
  scopes: string[];
  /** Maximum duration of a request in milliseconds, including the body of the response. */
  timeoutMs: number;
  /** Maximum repetitions of a read that failed as `unavailable`. */
  retries: number;
}

/** Query parameters. A list becomes a repeated parameter. */
export type Query = Record<string, string | number | boolean | readonly string[]>;

export interface CommercetoolsClient {
  /** @param path below the project, such as `orders` or `customers/<id>`. @throws CommercetoolsError */
  get(path: string, query?: Query): Promise<unknown>;
  /** Never retried, because a write without a response may have been applied. @throws CommercetoolsError */
  post(path: string, body: object, query?: Query): Promise<unknown>;
  delete(path: string, query?: Query): Promise<unknown>;
}

/**
 * Opens no connection before the first request.
 * @param events gets an event for every request, also for a token. @param clock observes every response of the API
 */
export function createCommercetoolsClient(
  settings: CommercetoolsSettings,
  events?: AppEvents,
  clock: ServerClock = createServerClock(),
): CommercetoolsClient {
  async function httpClient(url: string, options: object): Promise<SdkResponse> {
    const { hostname: host, pathname } = new URL(url);
    const endpoint = endpointOf(pathname, settings);
    const parsed = requestOptions.parse(options);
    const { method } = parsed;
    const info = { events, api: 'commercetools', endpoint, method, path: `/${endpoint}`, host } as const;
    const sentAt = performance.now();
    const response = await observeRequest(info, () => send(url, parsed, settings.timeoutMs));
    if (endpoint !== tokenEndpoint) clock.observe(response.headers.get('date'), sentAt);
    return response;
  }
  const scopes = settings.scopes.length > 0 ? { scopes: settings.scopes } : {};
  const client = new ClientBuilder()
    .withClientCredentialsFlow({
      host: settings.authUrl,
      projectKey: settings.projectKey,
      credentials: { clientId: settings.clientId, clientSecret: settings.clientSecret },
      ...scopes,
      httpClient,
    })
    .withHttpMiddleware({ host: settings.apiUrl, httpClient, enableRetry: false })
    .withUserAgentMiddleware({ libraryName: 'commercetools-klaviyo' })
    .build();

  async function execute(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { query, body }: { query?: Query | undefined; body?: object },
  ): Promise<unknown> {
    const uri = `/${encodeURIComponent(settings.projectKey)}/${path}${search(query)}`;
    try {
      const headers = { 'Content-Type': 'application/json' };
      return (await client.execute(omitUndefined({ method, uri, headers, body }))).body;
    } catch (thrown) {
      throw toCommercetoolsError(thrown, path.split('/')[0] ?? path);
    }
  }

  return {
    get: (path, query) =>
      pRetry(() => execute('GET', path, { query }), {
        retries: settings.retries,
        minTimeout: 200,
        factor: 3,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof CommercetoolsError && error.type === 'unavailable',
      }),
    post: (path, body, query) => execute('POST', path, { body, query }),
    delete: (path, query) => execute('DELETE', path, { query }),
  };
}

interface SdkResponse {
  status: number;
  /** The SDK passes on all headers of what has `forEach`; of plain objects it drops Retry-After. */
  headers: ReadonlyMap<string, string>;
  text(): Promise<string>;
}

/** Several times what a page of the largest records has. */
const maxAnswerBytes = 64_000_000;

const timeoutCode = 'no answer in time';

const requestOptions = z.object({
  method: z.enum(['GET', 'POST', 'DELETE']),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
});

/**
 * Sends a request for the SDK with undici's `request`, which avoids the streams of fetch. The timeout is implemented here,
 * because the SDK has none for token requests and for responses whose body has begun.
 */
async function send(
  url: string,
  { body, ...options }: z.infer<typeof requestOptions>,
  timeoutMs: number,
): Promise<SdkResponse> {
  const timeout = new AbortController();
  // The SDK replaces an AbortError by an error without a cause, so the reason has another name.
  const timer = setTimeout(() => {
    timeout.abort(Object.assign(new Error(timeoutCode), { code: timeoutCode }));
  }, timeoutMs);
  const stopTimer = () => clearTimeout(timer);
  try {
    const response = await request(url, { ...options, body: body ?? null, signal: timeout.signal });
    // Following a redirect would send the credentials to another host.
    if (response.statusCode >= 300 && response.statusCode < 400) {
      await response.body.dump();
      throw new TypeError(`commercetools answered with a redirect (${response.statusCode})`);
    }
    return {
      status: response.statusCode,
      headers: toHeaders(response.headers),
      async text() {
        const text = await textWithin(response.body, maxAnswerBytes).finally(stopTimer);
        return response.statusCode < 400 ? text : withUsableErrors(text);
      },
    };
  } catch (thrown) {
    stopTimer();
    throw thrown;
  }
}

function toHeaders(headers: Record<string, string | string[] | undefined>): ReadonlyMap<string, string> {
  return new Map(Object.entries(headers).map(([name, value = '']) => [name, [value].flat().join(', ')]));
}

const usableErrors = z.looseObject({ errors: z.tuple([z.looseObject({})], z.unknown()).optional() });

/** The SDK reads the first entry of `errors` and throws, without the status, where there is none. */
function withUsableErrors(text: string): string {
  const body = parseJson(text);
  if (body === undefined || usableErrors.safeParse(body).success) return text;
  return JSON.stringify({ ...Object(body), errors: undefined });
}

/** The token comes from another host. */
const tokenEndpoint = 'oauth';

/** Returns the resource of a request without ids, such as `orders`, or `oauth` for a token. */
function endpointOf(pathname: string, { apiUrl, projectKey }: CommercetoolsSettings): string {
  const base = new URL(apiUrl).pathname.replace(/\/$/, '');
  const project = `${base}/${encodeURIComponent(projectKey)}/`;
  if (!pathname.startsWith(project)) return tokenEndpoint;
  return pathname.slice(project.length).split('/')[0] ?? '';
}

function search(query: Query | undefined): string {
  if (!query) return '';
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, String(item)]),
  );
  return `?${new URLSearchParams(pairs)}`;
}
