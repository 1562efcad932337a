/** Whatever somebody sends to POST /: a documented answer, a process that lives, and memory that does not grow. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { customer, delivery, id } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const seed = 20_260_315;
const thousands = 4;
const sideBySide = 20;
const documented = new Set([200, 202, 204, 400, 401, 413, 415, 429, 503]);
/** Far above what differs between two looks at a heap that does not grow, far below what a thousand kept bodies take. */
const maxGrowthBytes = 25_000_000;

let testEnv: TestEnv;
const agent = new Agent({ keepAlive: true, maxSockets: sideBySide });
before(async () => {
  // What can't be read is kept: so many, then it is answered 503 and nothing more is held.
  testEnv = await startTestEnv({ settings: { deadLetters: { max: 20 } } });
});
after(async () => {
  agent.destroy();
  await testEnv.stop();
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', '', '\u0000', '../../etc/passwd', '{{7*7}}'),
  fc.constantFrom('𝕏'.repeat(500), '\ud800', "'; drop table orders; --", '<script>', 'a'.repeat(20_000)),
);
const odd = fc.oneof(
  hostile,
  fc.constantFrom(null, true, -0, 1e308, -1e308, Number.MAX_SAFE_INTEGER + 2, 5e-324, [], {}),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);
const names = [
  'notificationType',
  'resource',
  'type',
  'id',
  'version',
  'specversion',
  'data',
  'detail',
  'order',
  'Type',
];
const key = fc.oneof(fc.constantFrom(...names), hostile);
const payload = fc.oneof(
  fc.dictionary(key, odd, { maxKeys: 8, noNullPrototype: true }),
  fc.record({
    notificationType: fc.oneof(fc.constantFrom('Message', 'ResourceUpdated', 'ResourceDeleted'), odd),
    type: fc.oneof(fc.constantFrom('OrderCreated', 'CustomerCreated', 'ProductPublished'), odd),
    resource: fc.oneof(fc.record({ typeId: fc.oneof(fc.constantFrom('order', 'customer'), odd), id: odd }), odd),
    id: odd,
    createdAt: odd,
    order: odd,
  }),
);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64');
const envelope = fc.oneof(
  payload.map((value) => ({ message: { data: base64(value), messageId: '1' }, subscription: 's' })),
  fc.record({ message: fc.record({ data: odd, messageId: odd }), subscription: odd, deliveryAttempt: odd }),
  payload.map((value) => ({ Type: 'Notification', Message: JSON.stringify(value), MessageId: 'm' })),
  payload.map((value) => ({ 'detail-type': 'x', detail: value, id: 'e' })),
  fc.array(payload, { maxLength: 4 }),
  payload,
  odd,
);
const polluted =
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"notificationType":"Message"}';
const nested = (levels: number) => `${'{"data":['.repeat(levels)}1${']}'.repeat(levels)}`;
const text = envelope.map((value) => JSON.stringify(value) ?? '');
const body: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 6, arbitrary: text.map((whole) => Buffer.from(whole)) },
  fc.tuple(text, fc.nat()).map(([whole, at]) => Buffer.from(whole.slice(0, at % (whole.length + 1)))),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  text.map((whole) =>
    Buffer.concat([Buffer.from(whole.slice(0, 12)), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}')]),
  ),
  fc.integer({ min: 10, max: 3_000 }).map((levels) => Buffer.from(nested(levels))),
  fc.constant(Buffer.from(polluted)),
  fc.constantFrom(`{"id":${'9'.repeat(400)}}`, '{"id":1e99999}', '[1e400]').map((number) => Buffer.from(number)),
);

/** @returns the answer's status */
function push(sent: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/json', 'content-length': sent.length };
  return new Promise((resolve, reject) => {
    const asked = request(`${testEnv.service}/`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', reject);
    asked.end(sent);
  });
}

async function pushAll(bodies: readonly Buffer[]): Promise<void> {
  const waiting = [...bodies];
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const status = await push(next);
      assert.ok(documented.has(status), `${status} to ${next.toString('latin1').slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

test('thousands of malformed bodies get documented responses and do not use up memory', async () => {
  const heaps: number[] = [];
  for (let round = 0; round < thousands; round += 1) {
    await pushAll(fc.sample(body, { numRuns: 1_000, seed: seed + round }));
    await testEnv.app.settled();
    testEnv.logged.length = 0;
    heaps.push(heapBytes());
  }
  const [first = 0, last = 0] = [heaps[0], heaps.at(-1)];
  assert.ok(last - first < maxGrowthBytes, `the heap grew: ${heaps.join(', ')}`);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('a good message afterwards is delivered', async () => {
  await testEnv.addRecords('customer', customer({ id: id('c1'), email: 'after@example.com' }));
  const message = delivery('CustomerCreated', { typeId: 'customer', id: id('c1') });
  assert.equal(await testEnv.push(message), 204);
  const profiles = await testEnv.profiles();
  assert.deepEqual(
    profiles.map(({ email }) => email),
    ['after@example.com'],
  );
});
