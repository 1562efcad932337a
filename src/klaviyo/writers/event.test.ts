/** Tests that a rejected profile is looked up again once, and which order of a profile gives it its address. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type ServedResponse, serveKlaviyo } from '../../../test/fixtures/klaviyo-server.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import type { EventChange, ProfileIdentity } from '../change.ts';
import { createSink } from '../sink.ts';
import type { ProfileOfOrder } from './write-context.ts';

const location = (city: string) => ({ address1: '', address2: '', city, country: 'DE', region: '', zip: '' });

function event(profile: ProfileIdentity, order: { id: string; placedAt: string }): EventChange {
  return {
    ...{ type: 'event', metric: 'Placed Order', uniqueId: order.id, time: order.placedAt, properties: {}, profile },
    order: { ...order, createdAt: order.placedAt },
    isProfileLookedUp: true,
  };
}
const order = { id: 'o1', placedAt: '2026-03-14T10:00:00.000Z' };

async function startSink(t: TestContext, profileOfOrder: ProfileOfOrder, respond: (body: string) => ServedResponse) {
  const bodies: string[] = [];
  const client = await serveKlaviyo(t, ({ body }) => {
    bodies.push(body);
    return respond(body);
  });
  const sink = createSink({
    ...{ client, rateLimitShare: 1, storeJob: () => Promise.resolve(), onWarning: () => undefined },
    isSold: () => Promise.resolve(false),
    hasOtherCustomer: () => Promise.resolve(false),
    ...{ profileOfOrder, rememberOrderProfile: () => Promise.resolve(), maxListingMs: 0 },
    repeatedEvents: { read: () => Promise.resolve('ignored'), write: () => Promise.resolve() },
  });
  t.after(() => sink.close());
  const { signal } = new AbortController();
  const send = (changes: EventChange[], lane: 'realtime' | 'bulk' = 'realtime') =>
    sink.send(
      changes.map((change) => ({ ...change, readSeq: 1 })),
      { lane, signal },
    );
  return { send, bodies };
}

const pointer = '/data/attributes/profile/data/id';
const gone: ServedResponse = {
  status: 400,
  body: { errors: [{ code: 'invalid', title: 'Invalid', detail: 'no such profile', source: { pointer } }] },
};
const accepted: ServedResponse = { status: 202 };
const refuses = (text: string) => (body: string) => (body.includes(text) ? gone : accepted);

describe('a profile that Klaviyo rejects', () => {
  test('is looked up again, and the event goes to the profile of now', async (t) => {
    const { send, bodies } = await startSink(t, async () => ({ id: 'P2' }), refuses('"id":"P1"'));
    assert.deepEqual(await send([event({ id: 'P1' }, order)]), [{ outcome: 'delivered' }]);
    assert.equal(bodies.length, 2);
  });

  test('is a dead letter if it is still that of the order', async (t) => {
    const { send, bodies } = await startSink(
      t,
      async () => ({ id: 'P1' }),
      () => gone,
    );
    const [receipt] = await send([event({ id: 'P1' }, order)]);
    assert.deepEqual([receipt?.outcome, bodies.length], ['rejected', 1]);
  });

  test('never becomes another one of the pair', async (t) => {
    const pair = { email: 'mia@example.test', external_id: 'c1' };
    const { send, bodies } = await startSink(
      t,
      async () => ({ external_id: 'c1' }),
      () => gone,
    );
    const [receipt] = await send([event(pair, order)]);
    assert.deepEqual([receipt?.outcome, bodies.length], ['rejected', 2]);
  });

  test('is unavailable if it cannot be looked up', async (t) => {
    const fail = () => Promise.reject(new LookupUnavailable('Klaviyo answered 503', { retryAfterMs: 5 }));
    const { send } = await startSink(t, fail, () => gone);
    assert.deepEqual(await send([event({ id: 'P1' }, order)]), [
      { outcome: 'unavailable', reason: 'Klaviyo answered 503', retryAfterMs: 5 },
    ]);
  });
});

test('in bulk the newest queued order gives a profile its address, and later ones do not', async (t) => {
  const { send, bodies } = await startSink(
    t,
    async () => undefined,
    () => accepted,
  );
  const from = (id: string, placedAt: string) =>
    event({ email: 'mia@example.test', location: location(id) }, { id, placedAt });
  await send([from('old', '2026-01-01T00:00:00Z'), from('new', '2026-03-01T00:00:00Z')], 'bulk');
  await send([from('newer', '2026-03-02T00:00:00Z')], 'bulk');
  const cities = bodies.map((body) => /"city":"(\w+)"/.exec(body)?.[1]).filter((city) => city !== undefined);
  assert.deepEqual(cities, ['new']);
});

test("in a bulk body of many events a profile's group has the newest address", async (t) => {
  const { send, bodies } = await startSink(
    t,
    async () => undefined,
    () => accepted,
  );
  const many = Array.from({ length: 20 }, (_, index) =>
    event(
      { email: 'mia@example.test', location: location(`City${index}`) },
      { id: `o${index}`, placedAt: new Date(Date.UTC(2026, 0, index === 7 ? 31 : 1 + (index % 20))).toISOString() },
    ),
  );
  await send(many, 'bulk');
  const bulk = bodies.find((body) => body.includes('event-bulk-create')) ?? '';
  assert.deepEqual(
    [...bulk.matchAll(/"city":"(\w+)"/g)].map(([, city]) => city),
    ['City7'],
  );
  assert.equal(JSON.parse(bulk).data.attributes['events-bulk-create'].data.length, 1);
});
