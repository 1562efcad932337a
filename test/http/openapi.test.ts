/** The document at /openapi.json: every route, in a shape that tools can read. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { call } from './call.ts';

const response = z.looseObject({
  description: z.string().min(1),
  content: z.record(z.string(), z.object({ schema: z.looseObject({}) })).optional(),
});
const operation = z.looseObject({
  operationId: z.string().optional(),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.object({ schema: z.looseObject({}) })) }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), response),
});
const documentSchema = z.looseObject({
  openapi: z.string().regex(/^3\.[01]\.\d+$/),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  components: z.looseObject({ securitySchemes: z.record(z.string(), z.looseObject({ type: z.string() })) }),
  paths: z.record(
    z.string().startsWith('/'),
    z.record(z.enum(['get', 'post', 'put', 'patch', 'delete']), operation.optional()),
  ),
});

let testEnv: TestEnv;
let document: z.infer<typeof documentSchema>;
before(async () => {
  testEnv = await startTestEnv();
  document = documentSchema.parse((await call(testEnv.service, { path: '/openapi.json' })).json);
});
after(() => testEnv.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, one]) =>
      one ? [{ name: `${method} ${path}`, path, method, ...one }] : [],
    ),
  );

test('every endpoint that is promised is listed', () => {
  const listed = new Set(operations().map(({ name }) => name));
  const promised = ['customers', 'orders', 'categories', 'products'].flatMap((resource) => [
    `post /sync/${resource}`,
    `post /sync/${resource}/stop`,
    `get /sync/${resource}`,
  ]);
  for (const name of ['post /', 'get /sync', 'get /sync/status', 'get /health', 'get /ready', ...promised])
    assert.ok(listed.has(name), name);
});

test('every listed endpoint is there', async () => {
  for (const { path, method } of operations()) {
    const { status } = await call(testEnv.service, {
      method: method.toUpperCase(),
      path: path.replace(/\{[^}]+\}/g, 'x'),
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });
    assert.notEqual(status, 405, `${method} ${path}`);
    assert.ok(status !== 404 || path.includes('{'), `${method} ${path}`);
  }
});

test('operation ids are the open-source plugin’s, and unique', () => {
  const ids = operations().flatMap(({ operationId }) => operationId ?? []);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ['sync-orders', 'sync-orders-stop', 'sync-customers', 'sync-categories-stop', 'sync-products'])
    assert.ok(ids.includes(id), id);
});

test('a sync is answered 202, 400, 409; a stop 200: as the old document promised', () => {
  for (const { name, path, responses } of operations()) {
    if (/^post \/sync\/\w+$/.test(name)) for (const status of ['202', '400', '409']) assert.ok(responses[status], name);
    if (path.endsWith('/stop')) assert.ok(responses['200'], name);
  }
});

test('what needs the token says so, with a scheme that the document knows', () => {
  for (const { name, path, security = [] } of operations()) {
    assert.equal(
      security.length > 0,
      /^\/(sync|dead-letters|metrics|explain|find|dashboard\/(stream|settings|live-check|runs))/.test(path),
      name,
    );
    for (const scheme of security.flatMap(Object.keys)) assert.ok(document.components.securitySchemes[scheme], name);
  }
});

test('the fields of a sync body are listed', () => {
  const body = JSON.stringify(operations().find(({ name }) => name === 'post /sync/orders')?.requestBody);
  for (const field of ['ids', 'startId', 'deleteAll', 'confirmDeletion', 'backfill'])
    assert.ok(body.includes(`"${field}"`), field);
});

test('no reference leads nowhere', () => {
  const text = JSON.stringify(document);
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    let at: unknown = document;
    for (const part of pointer.split('/')) at = z.record(z.string(), z.unknown()).parse(at)[part];
    assert.notEqual(at, undefined, pointer);
  }
});
