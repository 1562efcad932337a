/** Tests the isolation of rejected records by pointers, and by bisection without them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KlaviyoError } from '../api/errors.ts';
import { splitRejected } from './bisect.ts';
import type { BodyPosition } from './bulk-body.ts';

interface Isolation {
  /** How often each record was accepted, in a bulk body or a single request. */
  accepted: Map<number, number>;
  rejected: number[];
  requests: number;
}

/**
 * Sends a body and its parts until every record is accepted or rejected.
 * @param errorsOf a body's errors; empty when it is accepted
 */
function isolate(count: number, errorsOf: (body: readonly number[]) => KlaviyoError[]): Isolation {
  const result: Isolation = { accepted: new Map(), rejected: [], requests: 0 };
  const accept = (record: number) => result.accepted.set(record, (result.accepted.get(record) ?? 0) + 1);
  const bodies: (readonly number[])[] = [Array.from({ length: count }, (_, index) => index)];
  for (let body = bodies.pop(); body; body = bodies.pop()) {
    result.requests += 1;
    assert.ok(result.requests < 1_000, 'terminates');
    const errors = errorsOf(body);
    if (errors.length === 0) {
      body.forEach(accept);
      continue;
    }
    const positions = body.map((_, index): BodyPosition => ({ index }));
    const { recorded, single, retry } = splitRejected(body, { positions, failure: { errors } });
    assert.deepEqual(
      [...recorded, ...single, ...retry.flat()].toSorted(ascending),
      body.toSorted(ascending),
      'every record occurs once',
    );
    recorded.forEach(accept);
    for (const record of single) {
      result.requests += 1;
      if (errorsOf([record]).length > 0) result.rejected.push(record);
      else accept(record);
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

function assertIsolated(count: number, invalid: readonly number[], { accepted, rejected }: Isolation): void {
  assert.deepEqual(rejected.toSorted(ascending), invalid.toSorted(ascending));
  assert.equal(accepted.size, count - invalid.length);
  assert.ok([...accepted.values()].every((times) => times === 1));
}

test('without pointers only the rejected records are rejected, and each other is accepted once', () => {
  fc.assert(
    fc.property(batches, ([count, invalid]) => {
      const result = isolate(count, (body) =>
        body.some((record) => invalid.includes(record)) ? [{ code: 'invalid', detail: '' }] : [],
      );
      assertIsolated(count, invalid, result);
    }),
  );
});

test('without pointers one rejected record takes about two requests per bisection', () => {
  const { requests } = isolate(1_000, (body) => (body.includes(637) ? [{ code: 'invalid', detail: '' }] : []));
  // Seven bisections reduce a thousand records to fewer than eight, which are sent in single requests.
  assert.ok(requests <= 2 * 7 + 8 + 1, String(requests));
});

test('with pointers each rejected record takes one request, and the rest one', () => {
  fc.assert(
    fc.property(batches, ([count, invalid]) => {
      const result = isolate(count, (body) =>
        body.flatMap((record, index) =>
          invalid.includes(record) ? [{ code: 'invalid', detail: '', pointer: pointerTo(index) }] : [],
        ),
      );
      assertIsolated(count, invalid, result);
      assert.ok(result.requests <= invalid.length + 2);
    }),
  );
});

test('one pointer per response, or a pointer beyond the last record, isolates the rejected records as well', () => {
  fc.assert(
    fc.property(batches, fc.boolean(), ([count, invalid], outside) => {
      const result = isolate(count, (body) => {
        const first = body.findIndex((record) => invalid.includes(record));
        if (first < 0) return [];
        return [{ code: 'invalid', detail: '', pointer: pointerTo(outside ? body.length + 5 : first) }];
      });
      assertIsolated(count, invalid, result);
    }),
  );
});

test('an event that Klaviyo has recorded is not sent again', () => {
  const repeat = { code: 'invalid', detail: '', pointer: `${pointerTo(2)}/attributes/unique_id` };
  const split = splitRejected(['a', 'b', 'c', 'd'], { positions: positionsOf(4), failure: { errors: [repeat] } });
  assert.deepEqual(split, { recorded: ['c'], single: [], retry: [['a', 'b', 'd']] });
});

test('recorded events without a pointer to a record are sent in single requests', () => {
  const records = Array.from({ length: 40 }, (_, index) => index);
  const repeat = { code: 'invalid', detail: '', pointer: '/data/attributes/unique_id' };
  const split = splitRejected(records, { positions: positionsOf(40), failure: { errors: [repeat] } });
  assert.deepEqual(split, { recorded: [], single: records, retry: [] });
});

test('a pointer to a profile refers to all of its events', () => {
  const positions = [
    { index: 0, within: 0 },
    { index: 1, within: 0 },
    { index: 0, within: 1 },
  ];
  const pointer = '/data/attributes/events-bulk-create/data/0/attributes/profile';
  const split = splitRejected(['a', 'b', 'c'], {
    positions,
    failure: { errors: [{ code: 'invalid', detail: '', pointer }] },
  });
  assert.deepEqual(split, { recorded: [], single: ['a', 'c'], retry: [['b']] });
});

function pointerTo(index: number): string {
  return `/data/attributes/items/data/${index}`;
}

function positionsOf(count: number): BodyPosition[] {
  return Array.from({ length: count }, (_, index) => ({ index }));
}
