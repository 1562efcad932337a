/** Failures in the middle of the live check: its records are removed all the same, or named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultRule } from '../../sandbox/faults.ts';
import { type Checked, finding, limits, mark, runChecked } from './live-check-fixture.ts';

const links = 'category links in an update of an item';

function assertRemoved({ before, after, remaining }: Checked): void {
  assert.deepEqual(remaining, []);
  const added = after.filter((record) => !before.some((each) => each.id === record.id));
  for (const record of added) assert.match(JSON.stringify(record), /"email":"ctk-live-check@example\.com"/);
  assert.equal(after.length - added.length, before.length);
}

const failed = { errors: [{ code: 'invalid', detail: 'no' }] };
const faults: [string, FaultRule][] = [
  ['an update is rejected', { kind: 'status', status: 400, body: failed, method: 'PATCH', path: '/api/catalog-items' }],
  [
    'a creation is applied and its response lost',
    { kind: 'applied-then-lost', method: 'POST', path: '/api/catalog', times: 2 },
  ],
  [
    'an answer has an unknown shape',
    { kind: 'status', status: 200, body: {}, method: 'GET', path: '/api/catalog-items' },
  ],
  ['a deletion fails once', { kind: 'status', status: 503, body: '', method: 'DELETE', times: 1 }],
];
for (const [title, rule] of faults)
  test(`Klaviyo: ${title}; the records are removed`, async () => {
    assertRemoved(await runChecked({}, { prepare: ({ klaviyo }) => void klaviyo.faults.add(rule) }));
  });

test('commercetools: a creation is applied and its response lost, a deletion fails once; the objects are removed', async () => {
  const checked = await runChecked(
    {},
    {
      prepare: ({ shop }) =>
        void shop.faults.add(
          { kind: 'applied-then-lost', method: 'POST', path: '/shop/custom-objects', times: 1 },
          { kind: 'status', status: 503, body: '', method: 'DELETE', times: 1 },
        ),
    },
  );
  assert.equal(finding(checked, 'version 0 for an absent custom object').state, 'unverified');
  assertRemoved(checked);
});

test('a record that Klaviyo does not let go is named with the reason', async () => {
  const { remaining, findings } = await runChecked(
    {},
    {
      prepare: ({ klaviyo }) =>
        void klaviyo.faults.add({
          kind: 'status',
          status: 400,
          body: failed,
          method: 'DELETE',
          path: '/api/catalog-items',
        }),
    },
  );
  assert.equal(finding({ findings }, links).found, 'replaced');
  assert.ok(
    remaining.some((line) => /^catalog item ctk-live-check-\w+-item: .*400/.test(line)),
    remaining.join('\n'),
  );
});

test('a check that is stopped removes its records, begins no other check, and stores nothing about them', async () => {
  const stop = new AbortController();
  const checked = await runChecked(
    {},
    {
      signal: stop.signal,
      onActivity: (activity) => {
        if (activity === 'updates of an item') setTimeout(() => stop.abort(), 5);
      },
      prepare: ({ klaviyo }) => void klaviyo.faults.add({ kind: 'delay', ms: 50, path: '/api/catalog-items' }),
    },
  );
  assertRemoved(checked);
  const duration = finding(checked, 'duration of a catalogue job');
  assert.deepEqual([duration.state, duration.consequence], ['unverified', 'the check was stopped']);
});

test('a subscription gets a test notification, at a later attempt too, and is removed; without a destination none is made', async () => {
  const destination = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'commercetools' } as const;
  const checked = await runChecked(
    { commercetools: { failingSubscriptionCreations: 2 } },
    {
      destination,
      prepare: ({ shop, service }) =>
        shop.pubsub.bind('projects/cloud/topics/commercetools', { pushEndpoint: `${service}/` }),
    },
  );
  assert.equal(finding(checked, 'test notification of a subscription').found, 'delivered at attempt 3');
  assertRemoved(checked);
  const without = await runChecked();
  assert.ok(without.findings.every(({ fact }) => !fact.includes('subscription')));
  assert.ok(without.writes.every((write) => !write.includes('subscription')));
});

test('each execution has a mark of its own, and one test profile stays however often it is verified', async () => {
  const first = await runChecked({}, { limits });
  const marks = new Set(first.writes.flatMap((write) => write.match(new RegExp(`${mark}-[0-9a-f]{8}`, 'g')) ?? []));
  assert.equal(marks.size, 1);
});
