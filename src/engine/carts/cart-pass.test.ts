/** Tests a pass over changed carts: what it costs, that each change is handed over once, and what stops it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { CommercetoolsClient, Query } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { createServerClock } from '../../commercetools/server-clock.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import type { RuleEvaluation } from '../../rules/types.ts';
import { createAppEvents } from '../../telemetry/app-events.ts';
import type { Deliver } from '../delivery/deliver.ts';
import { emptyResult } from '../delivery/verdict.ts';
import { runCartPass } from './cart-pass.ts';
import type { CartCursor } from './watch-lease.ts';

const pageSize = 100;
const start = Date.parse('2026-03-16T12:00:00.000Z');
const iso = (ms: number) => new Date(ms).toISOString();
const records = z.array(z.object({ id: z.string() }));
const silent = { isLevelEnabled: () => false };

/** A shop of many carts, `perSecond` of which change in every second; a query shows them by the time of their change. */
function shopOf(count: number, perSecond: number) {
  let nowMs = start;
  const reads: Query[] = [];
  let problem: Error | undefined;
  const none = () => Promise.reject(new Error('not used'));
  const client: CommercetoolsClient = {
    async get(_path, query = {}) {
      reads.push(query);
      if (problem) throw problem;
      const after = String(query['var.at'] ?? query['var.since']);
      const [from, until] = [Date.parse(after), Date.parse(String(query['var.until']))];
      const last = query['var.last'] === undefined ? -1 : Number(query['var.last']);
      const results: { id: string; lastModifiedAt: string }[] = [];
      // The change number n happens n / perSecond seconds after the start, to the cart n modulo count.
      for (let change = 0; results.length < Number(query.limit); change += 1) {
        const at = start + Math.floor((change * 1_000) / perSecond);
        if (at > until || at > nowMs) break;
        const id = String(change % count).padStart(6, '0');
        if (at > from || (at === from && Number(id) > last)) results.push({ id, lastModifiedAt: iso(at) });
      }
      return { results };
    },
    post: none,
    delete: none,
  };
  return {
    client,
    reads,
    clock: createServerClock({ now: () => new Date(nowMs), monotonicMs: () => nowMs }),
    pass: (ms: number) => (nowMs += ms),
    fail: (error: Error | undefined) => (problem = error),
  };
}

function watching(
  shop: ReturnType<typeof shopOf>,
  deliverOne: (id: string) => 'delivered' | 'unavailable' = () => 'delivered',
  shedReason: () => string | undefined = () => undefined,
) {
  let cursor: CartCursor = { since: iso(start) };
  const handed: string[] = [];
  let mostInHand = 0;
  const deliver: Deliver = async (evaluations) => {
    mostInHand = Math.max(mostInHand, evaluations.length);
    return evaluations.map(({ record }) => {
      const outcome = deliverOne(record.id);
      if (outcome === 'delivered') handed.push(record.id);
      return {
        ...emptyResult({ ...record }),
        outcome,
        receipts: [outcome === 'delivered' ? { outcome } : { outcome, reason: 'Klaviyo is away' }],
      };
    });
  };
  return {
    handed,
    cursor: () => cursor,
    mostInHand: () => mostInHand,
    run: () =>
      runCartPass(
        {
          client: shop.client,
          clock: shop.clock,
          selectRules: { forPolled: () => new Map() },
          async evaluate(input) {
            return records
              .parse('records' in input ? input.records : [])
              .map(({ id }): RuleEvaluation => ({ outcome: 'skipped', record: { typeId: 'cart', id }, reason: '' }));
          },
          deliver,
          events: createAppEvents(Object.assign(Object.create(null), silent)),
          nextReadSeq: () => 1,
          settlingMs: 5_000,
          ...{ pageSize, shedReason },
        },
        {
          cursor,
          signal: new AbortController().signal,
          async onSettled(settled) {
            cursor = settled;
          },
        },
      ),
  };
}

test('100,000 carts with 50 changes a second cost a read for each page of changes and one more per interval', async () => {
  const shop = shopOf(100_000, 50);
  const watch = watching(shop);
  for (let interval = 0; interval < 20; interval += 1) {
    shop.pass(30_000);
    const [before, handed] = [shop.reads.length, watch.handed.length];
    await watch.run();
    const changed = watch.handed.length - handed;
    assert.ok(changed >= 1_000, String(changed));
    assert.ok(shop.reads.length - before <= Math.ceil(changed / pageSize) + 1);
  }
  assert.ok(watch.mostInHand() <= pageSize, 'the memory of a page');
  assert.equal(new Set(watch.handed).size, watch.handed.length, 'no change twice');
  assert.equal(watch.handed.length, 595 * 50 + 1, 'no gap, and nothing younger than five seconds');
});

test('a quiet interval costs one read', async () => {
  const shop = shopOf(100, 1);
  const watch = watching(shop);
  shop.pass(60_000);
  await watch.run();
  const reads = shop.reads.length;
  shop.pass(500);
  await watch.run();
  assert.equal(shop.reads.length - reads, 1);
});

test('the position stands while commercetools is away, and everything is caught up afterwards', async () => {
  const shop = shopOf(100_000, 50);
  const watch = watching(shop);
  shop.pass(30_000);
  await watch.run();
  const cursor = watch.cursor();
  shop.fail(new CommercetoolsError('unavailable', 'commercetools answered 503'));
  for (let interval = 0; interval < 20; interval += 1) {
    shop.pass(30_000);
    await assert.rejects(watch.run(), CommercetoolsError);
  }
  assert.deepEqual(watch.cursor(), cursor);
  shop.fail(undefined);
  await watch.run();
  assert.equal(watch.handed.length, 625 * 50 + 1);
  assert.equal(new Set(watch.handed).size, watch.handed.length);
});

test('the position stands before a page whose events Klaviyo does not take now', async () => {
  const shop = shopOf(100_000, 50);
  let isAway = true;
  const watch = watching(shop, (id) => (isAway && Number(id) >= 700 ? 'unavailable' : 'delivered'));
  shop.pass(30_000);
  await assert.rejects(watch.run(), LookupUnavailable);
  assert.equal(watch.cursor().at?.id, '000699');
  isAway = false;
  await watch.run();
  assert.equal(new Set(watch.handed).size, 25 * 50 + 1);
});

test('a pass ends before a page at which memory is short, and the next one goes on from there', async () => {
  const shop = shopOf(100_000, 50);
  let isShort = false;
  const watch = watching(
    shop,
    (id) => {
      if (id === '000150') isShort = true;
      return 'delivered';
    },
    () => (isShort ? 'memory is short' : undefined),
  );
  shop.pass(30_000);
  await watch.run();
  await watch.run();
  assert.deepEqual([watch.cursor().at?.id, watch.handed.length, shop.reads.length], ['000199', 200, 2]);
  isShort = false;
  await watch.run();
  assert.equal(watch.handed.length, 25 * 50 + 1);
  assert.equal(new Set(watch.handed).size, watch.handed.length);
});
