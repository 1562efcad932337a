/** Routes requests under `/{projectKey}` to their handlers. */

import type { CommercetoolsBehaviours } from './behaviours.ts';
import type { CustomObjects } from './custom-objects.ts';
import { read } from './reads.ts';
import type { Records } from './records.ts';
import { type Collection, resourceAt } from './resources.ts';
import { errorResponse, type HttpResponse, ok } from './responses.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Tokens } from './tokens.ts';
import type { Writes } from './writes.ts';

export interface ApiRequest {
  readonly method: string;
  /** Decoded path segments, starting with the project key. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

interface Deps {
  readonly projectKey: string;
  readonly tokens: Tokens;
  readonly records: Records;
  readonly behaviours: CommercetoolsBehaviours;
  readonly writes: Writes;
  readonly customObjects: CustomObjects;
  readonly subscriptions: Subscriptions;
}

/** Returns the request handler of the API. */
export function createApi(deps: Deps): (request: ApiRequest) => Promise<HttpResponse> {
  return async (request) => {
    const [projectKey = '', path = '', ...rest] = request.segments;
    // The health endpoint of a subscription requires no token.
    if (path === 'subscriptions' && rest[1] === 'health') return deps.subscriptions.health(rest[0] ?? '');
    const resource = resourceAt(path);
    const scopes = request.method === 'GET' ? resource?.read : resource?.write;
    const authorizationError = deps.tokens.authorizationError(request.authorization, projectKey, scopes ?? []);
    if (authorizationError !== undefined) return authorizationError;
    if (path === '') return ok(project(deps.projectKey));
    if (resource === undefined || rest.length > 2) return unknownPath(request);
    if (path === 'login') return deps.writes.signIn(request.body);
    if (path === 'custom-objects') return customObject(deps, request, rest);
    if (path === 'subscriptions') return subscription(deps, request, rest[0]);
    return anyResource(deps, request, resource, rest[0]);
  };
}

async function anyResource(
  deps: Deps,
  request: ApiRequest,
  resource: Collection,
  address: string | undefined,
): Promise<HttpResponse> {
  const { query, body } = request;
  if (request.method === 'GET') {
    const { records, behaviours } = deps;
    return read({ typeId: resource.typeId, records, behaviours }, address, query);
  }
  if (resource.write.length === 0) return unknownPath(request);
  if (request.method === 'POST') return deps.writes.post({ resource, address, query, body });
  if (request.method === 'DELETE') return deps.writes.delete({ resource, address, query, body });
  return unknownPath(request);
}

async function customObject(
  { customObjects }: Deps,
  request: ApiRequest,
  rest: readonly string[],
): Promise<HttpResponse> {
  const [container, key] = rest;
  if (request.method === 'POST' && container === undefined) return customObjects.post(request.body);
  if (request.method === 'GET' && key === undefined) return customObjects.query(container, request.query);
  if (container === undefined || key === undefined) return unknownPath(request);
  if (request.method === 'GET') return customObjects.get(container, key);
  if (request.method === 'DELETE') return customObjects.remove(container, key, request.query.get('version'));
  return unknownPath(request);
}

async function subscription(
  { subscriptions }: Deps,
  request: ApiRequest,
  address: string | undefined,
): Promise<HttpResponse> {
  const { method, body, query } = request;
  if (method === 'GET') return address === undefined ? subscriptions.query(query) : subscriptions.get(address);
  if (method === 'POST')
    return address === undefined ? subscriptions.create(body) : subscriptions.update(address, body);
  if (method === 'DELETE' && address !== undefined) return subscriptions.remove(address, query.get('version'));
  return unknownPath(request);
}

function unknownPath({ method, segments }: ApiRequest): HttpResponse {
  return errorResponse(404, 'ResourceNotFound', `The sandbox has no ${method} /${segments.join('/')}.`);
}

/** Returns the body of `GET /{projectKey}`. */
function project(key: string): unknown {
  return {
    key,
    name: 'Sandbox shop',
    version: 1,
    createdAt: '2020-01-01T00:00:00.000Z',
    countries: ['DE', 'AT', 'FR', 'GB', 'US', 'JP', 'KW'],
    currencies: ['EUR', 'USD', 'GBP', 'JPY', 'KWD'],
    languages: ['en', 'de-DE', 'de', 'fr-FR', 'ja'],
    messages: { enabled: false, deleteDaysAfterCreation: 15 },
    carts: { deleteDaysAfterLastModification: 90, countryTaxRateFallbackEnabled: false },
    searchIndexing: {},
  };
}
