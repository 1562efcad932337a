/** Bulk bodies: where each record stands in one, and which record an error's pointer means. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { batchItem } from './batcher-registry.ts';
import {
  type BatchItem,
  bodyCapacity,
  bulkBody,
  itemBytes,
  type OperationName,
  operations,
  positionOf,
} from './operations.ts';

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

/** An event under the profile of this name. */
function event(id: string, profile: string): BatchItem {
  return { ...batchItem({ id }), group: `{"attributes":{"profile":"${profile}",` };
}

describe('a body', () => {
  test('holds plain records in their order, and a pointer into it means its record', () => {
    fc.assert(
      fc.property(fc.constantFrom(...plainNames), fc.integer({ min: 1, max: 20 }), (name, count) => {
        const ids = Array.from({ length: count }, (_, index) => `record-${index}`);
        const { text, positions: places } = bulkBody(
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
          assert.deepEqual(positionOf(pointer), places[index]);
        }
      }),
    );
  });

  test('holds each profile once with its events, and a pointer into it means its event', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 20 }), (profiles) => {
        const { text, positions: places } = bulkBody(
          operations.event,
          profiles.map((profile, index) => event(`event-${index}`, profile)),
        );
        const groups = groupedBody.parse(JSON.parse(text)).data.attributes['events-bulk-create'].data;
        assert.equal(groups.length, new Set(profiles).size);
        for (const [index, profile] of profiles.entries()) {
          const place = places[index] ?? assert.fail();
          const group = groups[place.index]?.attributes;
          assert.equal(group?.profile, profile);
          assert.equal(group.events.data[place.within ?? -1]?.id, `event-${index}`);
          const base = `/data/attributes/events-bulk-create/data/${place.index}`;
          assert.deepEqual(positionOf(`${base}/attributes/events/data/${place.within}/attributes/time`), place);
          assert.deepEqual(positionOf(`${base}/attributes/profile/data/attributes/email`), { index: place.index });
        }
      }),
    );
  });

  test('of parcels that have room together is no larger than its endpoint takes', () => {
    const profiles = ['anna', 'bert', 'änne'];
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 30 }), (ids) => {
        const items = ids.map((id, index) => event(id, profiles[index % profiles.length] ?? ''));
        const { prefix, suffix } = operations.event;
        const most = items.reduce((sum, item) => sum + itemBytes(item), prefix.length + suffix.length);
        assert.ok(Buffer.byteLength(bulkBody(operations.event, items).text) <= most);
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
  for (const [pointer, place] of cases)
    test(`${pointer} means ${place ? JSON.stringify(place) : 'the whole body'}`, () => {
      assert.deepEqual(positionOf(pointer), place);
    });
});
