/** One request with any header, as a stranger may send it; every answer is looked at for what must never be in one. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export interface Asked {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  /** Sent as it is. */
  body?: string;
}

export interface Said {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The `error` of a refusal; empty where there is none. */
  error: string;
  json: unknown;
}

/** @param service such as `http://127.0.0.1:8080` */
export async function call(service: string, { method = 'GET', path, headers = {}, body }: Asked): Promise<Said> {
  const { hostname, port } = new URL(service);
  const asked = request({ hostname, port, method, path, headers });
  const answer = new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject);
  });
  asked.end(body);
  const got = await answer;
  const said = await text(got);
  assertHarmless(said);
  const json: unknown = said === '' ? undefined : JSON.parse(said);
  const error = z.looseObject({ error: z.string() }).safeParse(json);
  return { status: got.statusCode ?? 0, headers: got.headers, error: error.success ? error.data.error : '', json };
}

/** POST of JSON. */
export function post(
  service: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Said> {
  return call(service, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** No stack trace, no key, no personal data. */
function assertHarmless(said: string): void {
  assert.doesNotMatch(said, /\.ts:\d|node_modules|node:internal/);
  assert.doesNotMatch(said, /pk_sandbox|sandbox-secret/);
  assert.doesNotMatch(said, /ann@example|\+4930/);
}
