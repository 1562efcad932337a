/** Tests of the event endpoints: responses and resulting account state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bulkEventBody, eventBody, metricOf, profileBody, startTestClient } from './test-client.ts';

const ada = { email: 'ada@example.com', external_id: 'customer-1' };

test('an event is accepted, creates its profile, and is listed with its time truncated to the second', async () => {
  const { request, inspect } = await startTestClient();
  const sent = { time: '2026-01-02T03:04:05.678Z', value: 12.5, value_currency: 'EUR', unique_id: 'order-1' };
  const response = await request('POST', '/api/events', eventBody({ ...ada, location: { city: 'Berlin' } }, sent));
  assert.equal(response.status, 202);
  const [event] = await inspect('events?unique_id=order-1');
  assert.deepEqual(
    [event?.metric, event?.time, event?.value, event?.value_currency, event?.backfill],
    ['Placed Order', '2026-01-02T03:04:05+00:00', 12.5, 'EUR', false],
  );
  const [profile] = await inspect('profiles');
  assert.deepEqual(
    [profile?.email, profile?.external_id, profile?.location],
    [ada.email, ada.external_id, { city: 'Berlin' }],
  );
});

test('a repeated unique_id is recorded once per profile and metric', async () => {
  const { request, sandbox } = await startTestClient();
  const sent = { unique_id: 'order-1' };
  await request('POST', '/api/events', eventBody(ada, sent));
  assert.equal((await request('POST', '/api/events', eventBody({ email: 'ADA@example.com' }, sent))).status, 202);
  await request('POST', '/api/events', eventBody(ada, sent, 'Fulfilled Order'));
  assert.deepEqual(sandbox.state().eventsByMetric, { 'Placed Order': 1, 'Fulfilled Order': 1 });
});

test('without a unique_id, events of one metric in the same second are duplicates', async () => {
  const { request, sandbox } = await startTestClient();
  for (const time of ['2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.9Z', '2026-01-02T03:04:06Z']) {
    await request('POST', '/api/events', eventBody(ada, { time }));
  }
  assert.equal(sandbox.state().events, 2);
});

test('an event with backfill triggers no flows, one without does', async () => {
  const { request, sandbox } = await startTestClient();
  await request('POST', '/api/events', eventBody(ada, { unique_id: '1', backfill: true }));
  assert.deepEqual(sandbox.state().wouldTriggerFlows, {});
  await request('POST', '/api/events', eventBody(ada, { unique_id: '2' }));
  assert.deepEqual(sandbox.state().wouldTriggerFlows, { 'Placed Order': 1 });
});

const tooDeep = JSON.parse(`${'{"a":'.repeat(10)}1${'}'.repeat(10)}`);
const rejected: [string, Record<string, unknown>, string][] = [
  ['no identifier', eventBody({}), 'invalid /data/attributes/profile/data/attributes'],
  [
    'an unknown field',
    eventBody({ ...ada, nickname: 'A' }),
    'invalid /data/attributes/profile/data/attributes/nickname',
  ],
  [
    'a bad phone number',
    eventBody({ ...ada, phone_number: '123' }),
    'invalid /data/attributes/profile/data/attributes/phone_number',
  ],
  ['a time before 1991', eventBody(ada, { time: '1990-06-01T00:00:00Z' }), 'invalid /data/attributes/time'],
  [
    'a time in two years',
    eventBody(ada, { time: new Date(Date.now() + 63_072_000_000).toISOString() }),
    'invalid /data/attributes/time',
  ],
  ['a currency that is none', eventBody(ada, { value_currency: 'euro' }), 'invalid /data/attributes/value_currency'],
  ['a value that is a text', eventBody(ada, { value: '12' }), 'invalid /data/attributes/value'],
  [
    'a metric name of 128 characters',
    eventBody(ada, {}, 'x'.repeat(128)),
    'invalid /data/attributes/metric/data/attributes/name',
  ],
  [
    '401 properties',
    eventBody(ada, { properties: Object.fromEntries([...Array(401).keys()].map((n) => [`p${n}`, 1])) }),
    'invalid /data/attributes/properties',
  ],
  [
    'a text of more than 100 KB',
    eventBody(ada, { properties: { a: ['ä'.repeat(50_001)] } }),
    'invalid /data/attributes/properties/a/0',
  ],
  [
    'an array of 4,001 items',
    eventBody(ada, { properties: { a: Array(4_001).fill(1) } }),
    'invalid /data/attributes/properties/a',
  ],
  [
    'more than 10 levels',
    eventBody(ada, { properties: { deep: tooDeep } }),
    `invalid /data/attributes/properties/deep${'/a'.repeat(9)}`,
  ],
];
for (const [name, body, expected] of rejected) {
  test(`an event with ${name} is rejected with a pointer to it`, async () => {
    const { request, sandbox } = await startTestClient();
    const response = await request('POST', '/api/events', body);
    assert.equal(response.status, 400);
    assert.deepEqual(response.errors, [expected]);
    assert.equal(sandbox.state().profiles, 0);
  });
}

test('an event with identifiers of two profiles gets 409', async () => {
  const { request } = await startTestClient();
  await request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com' }));
  await request('POST', '/api/profile-import', profileBody({ external_id: 'customer-1' }));
  const response = await request('POST', '/api/events', eventBody(ada));
  assert.equal(response.status, 409);
  assert.deepEqual(response.errors, ['duplicate_profile /data/attributes/profile/data/attributes']);
});

test('a bulk body records every event, with the backfill of its group', async () => {
  const { request, sandbox } = await startTestClient();
  const events = [{ unique_id: '1' }, { unique_id: '2' }, { unique_id: '3', metric: metricOf('Ordered Product') }];
  const response = await request(
    'POST',
    '/api/event-bulk-create-jobs',
    bulkEventBody([{ profile: ada, backfill: true, events }]),
  );
  assert.equal(response.status, 202);
  const { eventsByMetric, wouldTriggerFlows } = sandbox.state();
  assert.deepEqual(eventsByMetric, { 'Placed Order': 2, 'Ordered Product': 1 });
  assert.deepEqual(wouldTriggerFlows, {});
});

test('a bulk body with invalid records is rejected as a whole, with a pointer to the first', async () => {
  const { request, sandbox } = await startTestClient();
  const bad = { unique_id: '2', value: 'much' };
  const body = bulkEventBody([
    { profile: ada, events: [{ unique_id: '1' }, bad] },
    { profile: { email: 'not-an-email' }, events: [{ unique_id: '3' }] },
  ]);
  const response = await request('POST', '/api/event-bulk-create-jobs', body);
  assert.equal(response.status, 400);
  const base = '/data/attributes/events-bulk-create/data';
  assert.deepEqual(response.errors, [`invalid ${base}/0/attributes/events/data/1/attributes/value`]);
  assert.equal(sandbox.state().events, 0);
});

test('a duplicate unique_id in one bulk body rejects the whole body, even across groups of one profile', async () => {
  const { request, sandbox } = await startTestClient();
  const body = bulkEventBody([
    { profile: ada, events: [{ unique_id: '1' }, { unique_id: '2' }] },
    { profile: ada, events: [{ unique_id: '2' }] },
  ]);
  const response = await request('POST', '/api/event-bulk-create-jobs', body);
  assert.equal(response.status, 400);
  const pointer = '/data/attributes/events-bulk-create/data/1/attributes/events/data/0/attributes/unique_id';
  assert.deepEqual(response.errors, [`duplicate_unique_id ${pointer}`]);
  assert.equal(sandbox.state().events, 0);
});

test('an already recorded unique_id is ignored in bulk, or rejected with `repeatedUniqueId: rejected`', async () => {
  for (const [repeatedUniqueId, status, events] of [
    ['ignored', 202, 2],
    ['rejected', 400, 1],
  ] as const) {
    const { request, sandbox } = await startTestClient({ repeatedUniqueId });
    await request('POST', '/api/events', eventBody(ada, { unique_id: '1' }));
    const body = bulkEventBody([{ profile: ada, events: [{ unique_id: '1' }, { unique_id: '2' }] }]);
    assert.equal((await request('POST', '/api/event-bulk-create-jobs', body)).status, status);
    assert.equal(sandbox.state().events, events);
  }
});

test('a body with 1,001 events is rejected', async () => {
  const { request } = await startTestClient();
  const events = [...Array(1_001).keys()].map((n) => ({ unique_id: String(n) }));
  const response = await request('POST', '/api/event-bulk-create-jobs', bulkEventBody([{ profile: ada, events }]));
  assert.deepEqual(response.errors, ['invalid /data/attributes/events-bulk-create/data']);
});

test('events can be listed by metric and time, paginated, with included profiles and metrics', async () => {
  const { request } = await startTestClient();
  for (const unique_id of ['1', '2', '3'])
    await request('POST', '/api/events', eventBody(ada, { unique_id, time: `2026-01-0${unique_id}T00:00:00Z` }));
  await request('POST', '/api/events', eventBody(ada, { unique_id: '1' }, 'Ordered Product'));
  const metrics = await request('GET', '/api/metrics');
  const metric = metrics.data.find(({ attributes }) => attributes.name === 'Placed Order');
  const filter = encodeURIComponent(
    `equals(metric_id,"${metric?.id}"),greater-or-equal(datetime,2026-01-02T00:00:00Z)`,
  );
  const first = await request('GET', `/api/events?filter=${filter}&page[size]=1&include=metric,profile`);
  assert.deepEqual([first.data.length, first.included.map(({ type }) => type)], [1, ['profile', 'metric']]);
  const second = await request('GET', first.next ?? '');
  assert.deepEqual([second.data[0]?.attributes.datetime, second.next], ['2026-01-03T00:00:00+00:00', undefined]);
});

test('the 201st metric is rejected', async () => {
  const { request, sandbox } = await startTestClient();
  const named = (from: number, count: number) =>
    [...Array(count).keys()].map((n) => ({ unique_id: '1', metric: metricOf(`Metric ${from + n}`) }));
  await request('POST', '/api/event-bulk-create-jobs', bulkEventBody([{ profile: ada, events: named(0, 200) }]));
  const response = await request('POST', '/api/events', eventBody(ada, {}, 'One too many'));
  assert.equal(response.status, 400);
  assert.equal(sandbox.state().events, 200);
});
