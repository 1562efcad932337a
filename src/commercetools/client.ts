/** commercetools over HTTP, through its official client: tokens, one request, one typed failure. */
import { ClientBuilder } from '@commercetools/ts-client';
import pRetry from 'p-retry';
import { request } from 'undici';
import { z } from 'zod';
import type { AppEvents } from '../telemetry/app-events.ts';
import { observeRequest, type RequestInfo } from '../telemetry/request.ts';
import { CommercetoolsError, toCommercetoolsError } from './errors.ts';

export interface CommercetoolsSettings {
  apiUrl: string;
  authUrl: string;
  projectKey: string;
  clientId: string;
  clientSecret: string;
  /** Those to ask for; empty: all that the client has. */
  scopes: string[];
  /** Milliseconds that one request may take. */
  timeoutMs: number;
  /** How often a request is repeated that commercetools could not answer now. */
  retries: number;
}

/** Query parameters; a list is repeated. */
export type Query = Record<string, string | number | boolean | readonly string[]>;

export interface CommercetoolsClient {
  /** @param path below the project, such as `orders` or `customers/<id>`. Rejects with a ReadFailure. */
  get(path: string, query?: Query): Promise<unknown>;
  /** Not repeated by itself: a lost answer may have been applied. Rejects with a ReadFailure. */
  post(path: string, body: object, query?: Query): Promise<unknown>;
  delete(path: string, query?: Query): Promise<unknown>;
}

/**
 * @param settings see CommercetoolsSettings; opens no connection before the first request
 * @param activity is told of every request, also of those for a token
 */
export function createCommercetoolsClient(settings: CommercetoolsSettings, events?: AppEvents): CommercetoolsClient {
  function httpClient(url: string, options: object): Promise<Answer> {
    const { hostname: host, pathname } = new URL(url);
    const endpoint = endpointOf(pathname, settings);
    const asked = wanted.parse(options);
    const { method } = asked;
    const about: RequestInfo = { events, api: 'commercetools', endpoint, method, path: `/${endpoint}`, host };
    return observeRequest(about, () => ask(url, asked, settings.timeoutMs));
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
    more: { query?: Query; body?: object },
  ): Promise<unknown> {
    const uri = `/${encodeURIComponent(settings.projectKey)}/${path}${search(more.query)}`;
    try {
      const response = await client.execute({
        method,
        uri,
        headers: { 'Content-Type': 'application/json' },
        ...(more.body === undefined ? {} : { body: more.body }),
      });
      return response.body;
    } catch (thrown) {
      throw toCommercetoolsError(thrown, path.split('/')[0] ?? path);
    }
  }

  return {
    get: (path, query) =>
      pRetry(() => execute('GET', path, query ? { query } : {}), {
        retries: settings.retries,
        minTimeout: 200,
        factor: 3,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof CommercetoolsError && error.type === 'unavailable',
      }),
    post: (path, body, query) => execute('POST', path, { body, ...(query ? { query } : {}) }),
    delete: (path, query) => execute('DELETE', path, query ? { query } : {}),
  };
}

/** What the official client reads of an answer. */
interface Answer {
  status: number;
  headers: object;
  text(): Promise<string>;
}

const noAnswer = 'no answer in time';

const wanted = z.object({
  method: z.enum(['GET', 'POST', 'DELETE']),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
});

/**
 * What the official client sends with: undici's own request, without the streams that fetch puts in between. Its time is
 * kept here, because the client keeps neither that of requests for a token nor that of an answer which has begun.
 */
async function ask(url: string, { body, ...rest }: z.infer<typeof wanted>, timeoutMs: number): Promise<Answer> {
  const late = new AbortController();
  // Under a name that the client does not take for its own abort, which it would answer with an error of no cause.
  const timer = setTimeout(() => late.abort(Object.assign(new Error(noAnswer), { code: noAnswer })), timeoutMs);
  const inTime = () => clearTimeout(timer);
  try {
    const answer = await request(url, { ...rest, body: body ?? null, signal: late.signal });
    // Followed, a redirect would carry the credentials to another host.
    if (answer.statusCode >= 300 && answer.statusCode < 400) {
      await answer.body.dump();
      throw new TypeError(`commercetools answered with a redirect (${answer.statusCode})`);
    }
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: () => answer.body.text().finally(inTime),
    };
  } catch (thrown) {
    inTime();
    throw thrown;
  }
}

/** The resource that is asked for, without ids: `orders`, `custom-objects`; `oauth` for a token. */
function endpointOf(pathname: string, { apiUrl, projectKey }: CommercetoolsSettings): string {
  const base = new URL(apiUrl).pathname.replace(/\/$/, '');
  const project = `${base}/${encodeURIComponent(projectKey)}/`;
  if (!pathname.startsWith(project)) return 'oauth';
  return pathname.slice(project.length).split('/')[0] ?? '';
}

function search(query: Query | undefined): string {
  if (!query) return '';
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  return `?${new URLSearchParams(pairs)}`;
}
