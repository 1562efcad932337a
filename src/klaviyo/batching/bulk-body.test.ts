/** Tests the position of each record in a bulk body, and which record an error's pointer refers to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { type BatchItem, batchItem, bodyCapacity, bulkBody, itemBytes, positionOf } from './bulk-body.ts';
import { type OperationName, operations } from './operations.ts';

const named = z.object({ id: z.string() });
const groupedBody = z.object({
  data: z.object({
    attributes: z.object({
      'events-bulk-create': z.object({
        data: z.array(
          z.object({ attributes: z.object({ profile: z.string(), events: z.object({ data: z.array(named) }) }) }),
        ),
      }),
    }),
  }),
});
const plainBody = z.object({
  data: z.object({ attributes: z.record(z.string(), z.object({ data: z.array(named) })) }),
});
const plainNames = Object.keys(operations).filter(
  (name): name is OperationName => name in operations && name !== 'event',
);

function event(id: string, profile: string): BatchItem {
  return { ...batchItem({ id }), group: `{"attributes":{"profile":"${profile}",` };
}

describe('a bulk body', () => {
  test('has its records in order, and a pointer refers to its record', () => {
    fc.assert(
      fc.property(fc.constantFrom(...plainNames), fc.integer({ min: 1, max: 20 }), (name, count) => {
        const ids = Array.from({ length: count }, (_, index) => `record-${index}`);
        const { text, positions } = bulkBody(
          operations[name],
          ids.map((id) => batchItem({ id })),
        );
        const [field, list] = Object.entries(plainBody.parse(JSON.parse(text)).data.attributes)[0] ?? assert.fail();
        assert.deepEqual(
          list.data.map(({ id }) => id),
          ids,
        );
        for (const index of ids.keys()) {
          const pointer = `/data/attributes/${field}/data/${index}/attributes/title`;
          assert.deepEqual(positionOf(pointer), positions[index]);
        }
      }),
    );
  });

  test('has each profile once with its events, and a pointer refers to its event', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 20 }), (profiles) => {
        const { text, positions } = bulkBody(
          operations.event,
          profiles.map((profile, index) => event(`event-${index}`, profile)),
        );
        const groups = groupedBody.parse(JSON.parse(text)).data.attributes['events-bulk-create'].data;
        assert.equal(groups.length, new Set(profiles).size);
        for (const [index, profile] of profiles.entries()) {
          const position = positions[index] ?? assert.fail();
          const group = groups[position.index]?.attributes;
          assert.equal(group?.profile, profile);
          assert.equal(group.events.data[position.within ?? -1]?.id, `event-${index}`);
          const base = `/data/attributes/events-bulk-create/data/${position.index}`;
          assert.deepEqual(positionOf(`${base}/attributes/events/data/${position.within}/attributes/time`), position);
          assert.deepEqual(positionOf(`${base}/attributes/profile/data/attributes/email`), { index: position.index });
        }
      }),
    );
  });

  test('gives a profile the address of a later event, when its first event has none', () => {
    const profile = '"profile":{"data":{"type":"profile","attributes":{"email":"anna@example.test"}}}';
    const start = '{"type":"event-bulk-create","attributes":{';
    const group = `${start}${profile},`;
    const location = {
      ...{ profile, orderId: 'order-2', placedAtMs: 1, json: ',"location":{"city":"Ulm"}' },
      at: start.length + profile.length - '}}}'.length,
    };
    const items = [
      { ...batchItem({ id: 'event-1' }), group },
      { ...batchItem({ id: 'event-2' }), group, location },
    ];
    const { text } = bulkBody(operations.event, items, new Map([[profile, location]]));
    assert.match(text, /"email":"anna@example\.test","location":\{"city":"Ulm"\}\}\}\}/);
  });

  test('is not larger than the sum of its item sizes, prefix and suffix', () => {
    const profiles = ['anna', 'bert', 'änne'];
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 30 }), (ids) => {
        const items = ids.map((id, index) => event(id, profiles[index % profiles.length] ?? ''));
        const { prefix, suffix } = operations.event;
        const maxBytes = items.reduce((sum, item) => sum + itemBytes(item), prefix.length + suffix.length);
        assert.ok(Buffer.byteLength(bulkBody(operations.event, items).text) <= maxBytes);
      }),
    );
    assert.equal(
      bodyCapacity(operations.event) + operations.event.prefix.length + operations.event.suffix.length,
      5_000_000,
    );
  });
});

describe('a pointer', () => {
  const cases: [string | undefined, ReturnType<typeof positionOf>][] = [
    ['/data/attributes/items/data/0', { index: 0 }],
    ['/data/attributes/items/data/12/attributes/url', { index: 12 }],
    ['/data/attributes/profiles/data/3/attributes/location/zip', { index: 3 }],
    ['/data/attributes/events-bulk-create/data/4', { index: 4 }],
    ['/data/attributes/events-bulk-create/data/4/attributes/events/data/5', { index: 4, within: 5 }],
    ['/data/attributes/events-bulk-create/data/4/attributes/backfill', { index: 4 }],
    ['/data', undefined],
    ['/data/attributes/items', undefined],
    ['/data/attributes/items/data', undefined],
    ['/data/attributes/items/data/', undefined],
    ['/data/attributes/items/data/1x', undefined],
    ['/data/attributes/title', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [pointer, position] of cases)
    test(`${pointer} refers to ${position ? JSON.stringify(position) : 'the whole body'}`, () => {
      assert.deepEqual(positionOf(pointer), position);
    });
});
