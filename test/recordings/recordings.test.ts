/**
 * Compares the sandbox with recorded responses of the real Klaviyo. Each recording is replayed: a sandbox is brought
 * into its situation, the same request is sent, and the shapes of both responses have to be equal. The recordings are
 * copies from https://github.com/nickdnk/klaviyo-php-sdk (licence beside them).
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { KlaviyoSandboxOptions } from '../../sandbox/klaviyo/sandbox.ts';
import { startTestClient } from '../../sandbox/klaviyo/test-client.ts';
import { type Answer, shapeOfAnswer } from './compare.ts';
import { type Replay, replays } from './replays.ts';

const recording = z.object({
  request: z.object({
    method: z.string(),
    path: z.string(),
    query: z.record(z.string(), z.string()).default({}),
  }),
  response: z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.unknown() }),
});

const recordedHeaders = ['content-type', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'];

/** Endpoints with recordings that the sandbox does not have, because the connector does not call them. */
const notServed = [
  'GET /api/coupons/nope',
  'POST /api/coupons',
  'POST /api/coupon-codes',
  'POST /api/coupon-code-bulk-create-jobs',
  'GET /api/lists',
  'GET /api/lists/nope',
  'GET /api/profile-bulk-import-jobs/nope/profiles',
  'GET /api/profile-suppression-bulk-create-jobs',
  'POST /api/profile-suppression-bulk-create-jobs',
  'POST /api/back-in-stock-subscriptions',
  'POST /api/forms',
  'POST /api/object-schema-relationships',
  'POST /api/push-tokens',
  'POST /api/segments',
  'DELETE /api/templates/nope',
  'POST /api/web-feeds',
  'POST /api/webhooks',
];

const folder = import.meta.dirname;
const files = globSync('*.json', { cwd: folder }).map((file) => basename(file, '.json'));

describe('the sandbox answers as recorded', () => {
  test('every recording is replayed', () => {
    assert.deepEqual(Object.keys(replays).sort(), files.sort());
  });

  for (const [name, replay] of Object.entries(replays)) {
    test(name, async () => {
      const recorded = recording.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
      const { status, headers, body } = recorded.response;
      const answer = await send(recorded.request, replay);
      assert.deepEqual(shapeOfAnswer(answer), shapeOfAnswer({ status, headers, body }));
    });
  }

  test('the endpoints that are listed as not served are not served', async () => {
    const { request } = await startTestClient();
    for (const endpoint of notServed) {
      const [method = '', path = ''] = endpoint.split(' ');
      assert.equal((await request(method, path, method === 'POST' ? {} : undefined)).status, 404, endpoint);
    }
  });
});

async function send(request: z.infer<typeof recording>['request'], replay: Replay): Promise<Answer> {
  const options: KlaviyoSandboxOptions = { limits: 1, ...replay.options };
  const client = await startTestClient(options);
  const prepared = (await replay.prepare?.(client)) ?? {};
  const query = new URLSearchParams({ ...request.query, ...prepared.query }).toString();
  const path = prepared.path ?? request.path;
  const response = await fetch(`${client.sandbox.url}${path}${query === '' ? '' : `?${query}`}`, {
    method: request.method,
    headers: {
      authorization: `Klaviyo-API-Key ${prepared.key ?? 'pk_sandbox'}`,
      revision: '2026-07-15',
      'content-type': 'application/vnd.api+json',
    },
    ...(prepared.body === undefined ? {} : { body: JSON.stringify(prepared.body) }),
  });
  const text = await response.text();
  const shown = recordedHeaders.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { status: response.status, headers: Object.fromEntries(shown), body: text === '' ? null : JSON.parse(text) };
}

describe('the comparison of shapes', () => {
  const body = { data: [{ type: 'profile', attributes: { image: '', price: null, at: '2026-01-01T00:00:00+00:00' } }] };
  const answer = { status: 200, headers: { 'content-type': 'application/vnd.api+json' }, body };
  const withAttributes = (attributes: object) => ({ ...answer, body: { data: [{ type: 'profile', attributes }] } });
  const equal = withAttributes({ at: '2026-02-02T01:02:03+00:00', price: null, image: '' });
  const different = {
    'another status': { ...answer, status: 201 },
    'another media type': { ...answer, headers: { 'content-type': 'application/json' } },
    'another type': { ...answer, body: { data: [{ ...body.data[0], type: 'item' }] } },
    'null for an empty text': withAttributes({ image: null, price: null, at: '2026-01-01T00:00:00+00:00' }),
    'an absent member': withAttributes({ image: '', at: '2026-01-01T00:00:00+00:00' }),
    'a time in another form': withAttributes({ image: '', price: null, at: '2026-01-01T00:00:00Z' }),
    'an empty list': { ...answer, body: { data: [] } },
  };

  test('ignores order and values', () => assert.deepEqual(shapeOfAnswer(equal), shapeOfAnswer(answer)));
  for (const [name, other] of Object.entries(different))
    test(`finds ${name}`, () => assert.notDeepEqual(shapeOfAnswer(other), shapeOfAnswer(answer)));
});
