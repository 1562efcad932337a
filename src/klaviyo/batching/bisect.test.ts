/** Isolation of rejected records: by pointers, and without them by halving. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KlaviyoError } from '../api/errors.ts';
import { splitRejected } from './bisect.ts';
import type { BodyPosition } from './operations.ts';

interface Isolation {
  /** How often each record was taken, as part of a body or in a single request. */
  taken: Map<number, number>;
  rejected: number[];
  requests: number;
}

/**
 * Sends a body and what is left of it until every record has an answer.
 * @param errorsOf a body's errors; none where it is taken
 */
function isolate(count: number, errorsOf: (body: readonly number[]) => KlaviyoError[]): Isolation {
  const result: Isolation = { taken: new Map(), rejected: [], requests: 0 };
  const take = (record: number) => result.taken.set(record, (result.taken.get(record) ?? 0) + 1);
  const bodies: (readonly number[])[] = [Array.from({ length: count }, (_, index) => index)];
  for (let body = bodies.pop(); body; body = bodies.pop()) {
    result.requests += 1;
    assert.ok(result.requests < 1_000, 'it comes to an end');
    const errors = errorsOf(body);
    if (errors.length === 0) {
      body.forEach(take);
      continue;
    }
    const places = body.map((_, index): BodyPosition => ({ index }));
    const { recorded, single, retry } = splitRejected(body, { places, failure: { errors } });
    assert.deepEqual(
      [...recorded, ...single, ...retry.flat()].toSorted(ascending),
      body.toSorted(ascending),
      'each once',
    );
    recorded.forEach(take);
    for (const record of single) {
      result.requests += 1;
      if (errorsOf([record]).length > 0) result.rejected.push(record);
      else take(record);
    }
    bodies.push(...retry);
  }
  return result;
}

const ascending = (left: number, right: number) => left - right;

/** A number of records, and those that Klaviyo rejects. */
const batches = fc
  .integer({ min: 1, max: 200 })
  .chain((count) =>
    fc.tuple(fc.constant(count), fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: 6 })),
  );

function assertIsolated(count: number, odd: readonly number[], { taken, rejected }: Isolation): void {
  assert.deepEqual(rejected.toSorted(ascending), odd.toSorted(ascending));
  assert.equal(taken.size, count - odd.length);
  assert.ok([...taken.values()].every((times) => times === 1));
}

test('without pointers exactly the rejected records are found, and every other is taken once', () => {
  fc.assert(
    fc.property(batches, ([count, odd]) => {
      const result = isolate(count, (body) =>
        body.some((record) => odd.includes(record)) ? [{ code: 'invalid', detail: '' }] : [],
      );
      assertIsolated(count, odd, result);
    }),
  );
});

test('without pointers one rejected record costs about two requests a halving', () => {
  const { requests } = isolate(1_000, (body) => (body.includes(637) ? [{ code: 'invalid', detail: '' }] : []));
  // Seven halvings lead from a thousand to less than eight, which go in single requests.
  assert.ok(requests <= 2 * 7 + 8 + 1, String(requests));
});

test('with pointers exactly the rejected records are found, in one request each and one for the rest', () => {
  fc.assert(
    fc.property(batches, ([count, odd]) => {
      const result = isolate(count, (body) =>
        body.flatMap((record, index) =>
          odd.includes(record) ? [{ code: 'invalid', detail: '', pointer: pointerTo(index) }] : [],
        ),
      );
      assertIsolated(count, odd, result);
      assert.ok(result.requests <= odd.length + 2);
    }),
  );
});

test('pointers that come one at a time, or behind the last record, isolate as well', () => {
  fc.assert(
    fc.property(batches, fc.boolean(), ([count, odd], outside) => {
      const result = isolate(count, (body) => {
        const first = body.findIndex((record) => odd.includes(record));
        if (first < 0) return [];
        return [{ code: 'invalid', detail: '', pointer: pointerTo(outside ? body.length + 5 : first) }];
      });
      assertIsolated(count, odd, result);
    }),
  );
});

test('an event that is recorded already is not sent again', () => {
  const repeat = { code: 'invalid', detail: '', pointer: `${pointerTo(2)}/attributes/unique_id` };
  const found = splitRejected(['a', 'b', 'c', 'd'], { places: placesOf(4), failure: { errors: [repeat] } });
  assert.deepEqual(found, { recorded: ['c'], single: [], retry: [['a', 'b', 'd']] });
});

test('recorded events that no pointer tells apart go in single requests', () => {
  const records = Array.from({ length: 40 }, (_, index) => index);
  const repeat = { code: 'invalid', detail: '', pointer: '/data/attributes/unique_id' };
  const found = splitRejected(records, { places: placesOf(40), failure: { errors: [repeat] } });
  assert.deepEqual(found, { recorded: [], single: records, retry: [] });
});

test('a pointer to a profile means all of its events', () => {
  const places = [
    { index: 0, within: 0 },
    { index: 1, within: 0 },
    { index: 0, within: 1 },
  ];
  const pointer = '/data/attributes/events-bulk-create/data/0/attributes/profile';
  const found = splitRejected(['a', 'b', 'c'], {
    places,
    failure: { errors: [{ code: 'invalid', detail: '', pointer }] },
  });
  assert.deepEqual(found, { recorded: [], single: ['a', 'c'], retry: [['b']] });
});

function pointerTo(index: number): string {
  return `/data/attributes/items/data/${index}`;
}

function placesOf(count: number): BodyPosition[] {
  return Array.from({ length: count }, (_, index) => ({ index }));
}
