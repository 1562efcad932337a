/** Minimal commercetools HTTP client for the simulation and tests. */
import { z } from 'zod';

/** URLs and credentials of a commercetools project. */
export interface ShopAccess {
  readonly url: string;
  readonly authUrl: string;
  readonly projectKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

interface ShopResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface ShopApi {
  /** Returns the response, whatever its status. */
  request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<ShopResponse>;
  /** Returns the parsed body. Throws if the response is not a success or has another shape. */
  get<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, shape: z.ZodType<T>): Promise<T>;
  delete(path: string): Promise<void>;
  /** Returns all records of a collection with keyset pagination by id. */
  all<T extends { readonly id: string }>(collection: string, shape: z.ZodType<T>, where?: string): Promise<T[]>;
}

/** Shape that most responses are parsed with. */
export const versioned = z.looseObject({ id: z.string(), version: z.number() });

const tokenSchema = z.object({ access_token: z.string() });
const PAGE_SIZE = 500;

/** Creates a client. It fetches the token with the first request, and again after a 401. */
export function connectShop(access: ShopAccess): ShopApi {
  let token: Promise<string> | undefined;

  async function send(method: string, path: string, body: unknown): Promise<ShopResponse> {
    token ??= fetchToken(access);
    const response = await fetch(`${access.url}/${access.projectKey}/${path}`, {
      method,
      headers: { authorization: `Bearer ${await token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: bodyOf(await response.text()) };
  }

  const request: ShopApi['request'] = async (method, path, body) => {
    const response = await send(method, path, body);
    if (response.status !== 401) return response;
    token = undefined;
    return send(method, path, body);
  };

  const success: ShopApi['request'] = async (method, path, body) => {
    const response = await request(method, path, body);
    if (response.status >= 200 && response.status < 300) return response;
    throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(response.body)}`);
  };

  const get: ShopApi['get'] = async (path, shape) => shape.parse((await success('GET', path)).body);

  return {
    request,
    get,
    post: async (path, body, shape) => shape.parse((await success('POST', path, body)).body),
    delete: async (path) => {
      await success('DELETE', path);
    },
    all: async (collection, shape, where) => {
      const page = z.object({ results: z.array(shape) });
      const found: z.infer<typeof shape>[] = [];
      for (let last: string | undefined; ; last = found.at(-1)?.id) {
        const query = new URLSearchParams({ limit: String(PAGE_SIZE), sort: 'id asc', withTotal: 'false' });
        if (last !== undefined) query.append('where', `id > "${last}"`);
        if (where !== undefined) query.append('where', where);
        const { results } = await get(`${collection}?${query}`, page);
        found.push(...results);
        if (results.length < PAGE_SIZE) return found;
      }
    },
  };
}

/** Returns an access token with all scopes of the client. */
export async function fetchToken({ authUrl, clientId, clientSecret }: ShopAccess): Promise<string> {
  const response = await fetch(`${authUrl}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  if (!response.ok) throw new Error(`The token endpoint answered ${response.status}`);
  return tokenSchema.parse(await response.json()).access_token;
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
