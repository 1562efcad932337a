/** Tests single requests and bulk bodies, the isolation of rejected records, and that every caller is settled. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import {
  mockClock,
  type ServedRequest,
  type ServedResponse,
  serveKlaviyo,
} from '../../../test/fixtures/klaviyo-server.ts';
import type { ApiResult, KlaviyoClient } from '../api/client.ts';
import { createBatcher } from './batcher.ts';
import type { WriteOptions } from './body-sender.ts';
import { type BulkAccess, createBulkAccess } from './bulk-access.ts';
import { type BatchItem, batchItem } from './bulk-body.ts';
import { createJobPoller } from './job-poller.ts';
import { type Operation, operations } from './operations.ts';

const jobsPath = '/api/catalog-item-bulk-create-jobs';
const events: Operation = { ...operations.event, maxRecords: 20, maxSingle: { realtime: 2, cart: 2, bulk: 2 } };
const items: Operation = { ...operations.createItem, maxRecords: 20, maxSingle: { realtime: 2, cart: 2, bulk: 2 } };
const itemBody = z.object({
  data: z.object({ attributes: z.object({ items: z.object({ data: z.array(z.object({ id: z.string() })) }) }) }),
});
const eventBody = z.object({
  data: z.object({
    attributes: z.object({ 'events-bulk-create': z.object({ data: z.array(z.object({ id: z.string() })) }) }),
  }),
});

const notFound = { errors: [{ code: 'not_found', detail: 'no', source: { pointer: '/data/' } }] };

interface Settled {
  results: Map<string, ApiResult>;
  exceptions: Map<string, unknown>;
}

interface Sent {
  single: string[];
  bulk: string[][];
}

interface Setup {
  operation: Operation;
  /** Wraps the client's `call`. */
  call?: (original: KlaviyoClient['call']) => KlaviyoClient['call'];
  /** Klaviyo's response to a write; by default it accepts all. */
  respond?: (request: ServedRequest, ids: string[]) => ServedResponse | undefined;
  jobErrors?: object[];
  /** Of a completed job. */
  jobCounts?: object;
  /** Defaults to bulk bodies that need no verification. */
  access?: BulkAccess;
}

function batcherIn(t: TestContext) {
  return async ({ operation, call, respond, jobErrors = [], jobCounts, access }: Setup) => {
    const clock = mockClock(t);
    const sent: Sent = { single: [], bulk: [] };
    let started = 0;
    const client = await serveKlaviyo(t, (request) => {
      if (request.method === 'GET') {
        const attributes = { status: 'complete', errors: jobErrors, ...jobCounts };
        return {
          body: { data: Array.from({ length: started }, (_, index) => ({ id: `job-${index + 1}`, attributes })) },
        };
      }
      const ids = idsIn(request);
      if (isBulk(request)) sent.bulk.push(ids);
      else sent.single.push(...ids);
      const response = respond?.(request, ids);
      if (response) return response;
      if (!isBulk(request)) return { status: 201 };
      started += 1;
      return { status: 202, body: { data: { id: `job-${started}` } } };
    });
    const stop = new AbortController();
    t.after(() => stop.abort());
    const used = call ? { ...client, call: call(client.call) } : client;
    const batcher = createBatcher(operation, {
      client: used,
      jobs: createJobPoller(used, stop.signal),
      perMinute: { single: 100, bulk: 1_000 },
      access: access ?? createBulkAccess(operation, () => undefined),
    });
    const settled: Settled = { results: new Map(), exceptions: new Map() };
    const write = (id: string, options: Partial<WriteOptions> = {}, item: Partial<BatchItem> = {}) => {
      const deadline = { aborted: false };
      void batcher.write({ ...batchItem({ id }), ...item }, { lane: 'realtime', deadline, ...options }).then(
        (result) => settled.results.set(id, result),
        (thrown: unknown) => settled.exceptions.set(id, thrown),
      );
    };
    const all = (ids: readonly string[]) =>
      clock.until(() => ids.every((id) => settled.results.has(id) || settled.exceptions.has(id)));
    const wait = (ms: number) => {
      const end = performance.now() + ms;
      return clock.until(() => performance.now() >= end);
    };
    return { batcher, sent, settled, write, all, wait };
  };
}

const isBulk = ({ path }: ServedRequest) => path.endsWith('-jobs');

function idsIn(request: ServedRequest): string[] {
  const body: unknown = JSON.parse(request.body);
  if (!isBulk(request)) return [z.object({ data: z.object({ id: z.string() }) }).parse(body).data.id];
  if (request.path === jobsPath) return itemBody.parse(body).data.attributes.items.data.map(({ id }) => id);
  return eventBody.parse(body).data.attributes['events-bulk-create'].data.map(({ id }) => id);
}

function idsOf(count: number, prefix = 'record'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function rejection(pointer?: string): ServedResponse {
  return {
    status: 400,
    body: { errors: [{ code: 'invalid', detail: 'no', ...(pointer ? { source: { pointer } } : {}) }] },
  };
}

const acceptedOf = ({ results }: Settled) => [...results].filter(([, { ok }]) => ok).map(([id]) => id);
const failedOf = ({ results }: Settled) => [...results].filter(([, { ok }]) => !ok).map(([id]) => id);

describe('single requests and bulk bodies', () => {
  test('a few realtime records are sent in single requests at once', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({ operation: events });
    for (const id of idsOf(2)) write(id);
    await all(idsOf(2));
    assert.deepEqual(sent.single.toSorted(), idsOf(2));
    assert.deepEqual(sent.bulk, []);
    assert.deepEqual(acceptedOf(settled).toSorted(), idsOf(2));
  });

  test('more records in the same turn of the event loop are sent in one bulk body', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({ operation: events });
    for (const id of idsOf(15)) write(id);
    await all(idsOf(15));
    assert.deepEqual(sent, { single: [], bulk: [idsOf(15)] });
    assert.equal(acceptedOf(settled).length, 15);
  });

  test('a body has no more records than its endpoint allows', async (t) => {
    const { write, all, sent } = await batcherIn(t)({ operation: events });
    for (const id of idsOf(50)) write(id, { lane: 'bulk' });
    await all(idsOf(50));
    assert.deepEqual(sent.bulk.map(({ length }) => length).toSorted(), [10, 20, 20]);
    assert.deepEqual(sent.bulk.flat().toSorted(), idsOf(50).toSorted());
  });

  test('a body has no more bytes than its endpoint allows', async (t) => {
    const { write, all, sent } = await batcherIn(t)({ operation: events });
    const large = { text: `{"id":"large","pad":"${'x'.repeat(2_000_000)}"}`, bytes: 2_000_030 };
    for (const id of idsOf(3, 'large'))
      write(id, { lane: 'bulk' }, { bytes: large.bytes, text: () => large.text.replace('"large"', `"${id}"`) });
    await all(idsOf(3, 'large'));
    assert.deepEqual(sent.bulk, [['large-0', 'large-1']]);
    assert.deepEqual(sent.single, ['large-2']);
  });

  test('a single bulk record lingers before it is sent', async (t) => {
    const { write, all, sent } = await batcherIn(t)({ operation: events });
    write('record-0', { lane: 'bulk' });
    await turn();
    await turn();
    assert.deepEqual(sent, { single: [], bulk: [] });
    for (const id of idsOf(5).slice(1)) write(id, { lane: 'bulk' });
    await all(idsOf(5));
    assert.deepEqual(sent, { single: [], bulk: [idsOf(5)] });
  });

  test('profiles with conflicting identifiers are sent in different bodies', async (t) => {
    const { write, all, sent } = await batcherIn(t)({ operation: events });
    const identities = [
      { email: 'a@example.test', external_id: '1' },
      { email: 'a@example.test', external_id: '2' },
    ];
    for (const [index, id] of idsOf(6).entries()) {
      const profile = identities[index % 2];
      write(id, { lane: 'bulk' }, profile ? { profile } : {});
    }
    await all(idsOf(6));
    assert.deepEqual(sent.bulk, [
      ['record-0', 'record-2', 'record-4'],
      ['record-1', 'record-3', 'record-5'],
    ]);
  });

  test('the estimated wait is the queue at the published pace', async (t) => {
    const { batcher, write, all } = await batcherIn(t)({ operation: events });
    for (const id of idsOf(10)) write(id);
    // Half a body, of a thousand a minute.
    assert.equal(batcher.estimateWaitMs('realtime'), 30);
    await all(idsOf(10));
    assert.equal(batcher.estimateWaitMs('realtime'), 0);
  });

  test('the estimated wait without bulk bodies is the queue at the pace of single requests', async (t) => {
    const { batcher, write, all } = await batcherIn(t)({
      operation: items,
      access: { ...createBulkAccess(items, () => undefined), mode: () => 'single' },
    });
    for (const id of idsOf(10)) write(id);
    // Of a hundred a minute.
    assert.equal(batcher.estimateWaitMs('realtime'), 6_000);
    await all(idsOf(10));
  });
});

describe('a quota that others use as well', () => {
  const blocked = { status: 429, headers: { 'retry-after': '30' }, body: { errors: [{ code: 'throttled' }] } };

  test('while Klaviyo blocks bulk bodies, realtime is sent in single requests, and bulk waits', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({
      operation: events,
      respond: (request) => (isBulk(request) ? blocked : undefined),
    });
    const [first, second] = [idsOf(10).slice(0, 5), idsOf(10).slice(5)];
    for (const id of first) write(id);
    await all(first);
    assert.deepEqual(sent, { single: [], bulk: [first] });
    assert.deepEqual(failedOf(settled), first);
    write('waits', { lane: 'bulk' });
    for (const id of second) write(id);
    await all(second);
    assert.deepEqual(sent, { single: second, bulk: [first] });
  });

  test('once others were seen, realtime waits longer for a fuller body', async (t) => {
    let isBlocked = true;
    const { write, all, sent, wait } = await batcherIn(t)({
      operation: events,
      respond: (request) => (isBlocked && isBulk(request) ? blocked : undefined),
    });
    const [first, second] = [idsOf(10).slice(0, 5), idsOf(10).slice(5)];
    for (const id of first) write(id);
    await wait(31_000);
    isBlocked = false;
    for (const id of first) write(id);
    await wait(1_000);
    for (const id of second) write(id);
    await all(second);
    assert.deepEqual(sent, { single: [], bulk: [first, [...first, ...second]] });
  });
});

describe('deadlines', () => {
  for (const count of [1, 15])
    test(`${count} records whose deadline has passed are not sent`, async (t) => {
      const { write, all, sent, settled } = await batcherIn(t)({ operation: events });
      for (const id of idsOf(count)) write(id, { deadline: { aborted: true } });
      await all(idsOf(count));
      assert.deepEqual(sent, { single: [], bulk: [] });
      assert.equal(failedOf(settled).length, count);
    });

  test('late records in the queue do not keep the others from being sent', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({ operation: events });
    for (const [index, id] of idsOf(9).entries()) write(id, { deadline: { aborted: index % 3 === 1 } });
    await all(idsOf(9));
    const late = ['record-1', 'record-4', 'record-7'];
    assert.deepEqual(failedOf(settled).toSorted(), late);
    assert.deepEqual(
      sent.bulk.flat().toSorted(),
      idsOf(9).filter((id) => !late.includes(id)),
    );
  });
});

describe('rejected records', () => {
  const eventPointer = (index: number) => `/data/attributes/events-bulk-create/data/${index}/attributes/time`;

  test('the record of an error pointer is sent in a single request, the rest again in bulk', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({
      operation: events,
      respond: (_request, ids) =>
        ids.includes('record-3')
          ? rejection(ids.length > 1 ? eventPointer(ids.indexOf('record-3')) : undefined)
          : undefined,
    });
    for (const id of idsOf(15)) write(id);
    await all(idsOf(15));
    assert.deepEqual(failedOf(settled), ['record-3']);
    assert.equal(acceptedOf(settled).length, 14);
    assert.deepEqual(sent.single, ['record-3']);
    assert.deepEqual(
      sent.bulk.map(({ length }) => length),
      [15, 14],
    );
  });

  test('without pointers only the rejected records fail', async (t) => {
    const invalid = ['record-2', 'record-17'];
    const { write, all, settled } = await batcherIn(t)({
      operation: events,
      respond: (_request, ids) => (ids.some((id) => invalid.includes(id)) ? rejection() : undefined),
    });
    for (const id of idsOf(20)) write(id);
    await all(idsOf(20));
    assert.deepEqual(failedOf(settled).toSorted(), invalid.toSorted());
    assert.equal(acceptedOf(settled).length, 18);
  });

  test("a job's errors fail their records only", async (t) => {
    const { write, all, settled } = await batcherIn(t)({
      operation: items,
      jobErrors: [
        { code: 'conflict', detail: 'no', source: { pointer: '/data/attributes/items/data/1/attributes/url' } },
      ],
    });
    for (const id of idsOf(5)) write(id, { lane: 'bulk' });
    await all(idsOf(5));
    assert.deepEqual(failedOf(settled), ['record-1']);
    assert.equal(acceptedOf(settled).length, 4);
  });

  test("a job's error loses the values of its record, and other personal data", async (t) => {
    const { write, all, settled } = await batcherIn(t)({
      operation: items,
      jobErrors: [{ code: 'conflict', detail: 'Anna Muster, anna@example.test', meta: { id: 'record-0' } }],
    });
    const text = () => JSON.stringify({ id: 'record-0', attributes: { title: 'Anna Muster' } });
    for (const id of idsOf(5)) write(id, { lane: 'bulk' }, id === 'record-0' ? { recordId: id, text } : {});
    await all(idsOf(5));
    const result = settled.results.get('record-0');
    assert.ok(result && !result.ok && result.failure.type === 'rejected');
    assert.deepEqual(result.failure.errors, [{ code: 'conflict', detail: '***, ***' }]);
  });

  test('a record whose error in a catalog job has the code `invalid` is sent in a single request', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({
      operation: items,
      jobErrors: [{ code: 'invalid', detail: 'no', meta: { id: 'record-1' } }],
      respond: (request) => (isBulk(request) ? undefined : { status: 404, body: notFound }),
    });
    for (const id of idsOf(5)) write(id, { lane: 'bulk' }, { recordId: id });
    await all(idsOf(5));
    assert.deepEqual(sent.single, ['record-1']);
    assert.deepEqual(failedOf(settled), ['record-1']);
  });

  test('a record whose id cannot stand in a path is sent in bulk bodies only', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({
      operation: items,
      jobErrors: [{ code: 'invalid', detail: 'no', meta: { id: 'record-0' } }],
    });
    write('record-0', {}, { recordId: 'record-0', bulkOnly: true });
    await all(['record-0']);
    assert.deepEqual([sent.single, sent.bulk], [[], [['record-0']]]);
    assert.deepEqual(failedOf(settled), ['record-0']);
  });

  test('a record that can be sent in bulk bodies only fails when its job counts a failure and lists none', async (t) => {
    const { write, all, settled } = await batcherIn(t)({
      operation: items,
      jobCounts: { total_count: 1, completed_count: 0, failed_count: 1 },
    });
    write('record-0', {}, { recordId: 'record-0', bulkOnly: true });
    await all(['record-0']);
    assert.deepEqual(failedOf(settled), ['record-0']);
  });

  describe('a record that can be sent in bulk bodies only, with a key that lacks a scope', () => {
    const forbidden: ServedResponse = {
      status: 403,
      body: { errors: [{ code: 'permission_denied', detail: 'no', source: { pointer: '/data/' } }] },
    };
    const bulkOnly = { recordId: 'record-0', bulkOnly: true };

    test('fails when its body is forbidden, after one request', async (t) => {
      const { write, sent, settled, wait } = await batcherIn(t)({ operation: items, respond: () => forbidden });
      write('record-0', {}, bulkOnly);
      await wait(2_000);
      assert.deepEqual([failedOf(settled), sent.bulk.length], [['record-0'], 1]);
    });

    test('fails when its job cannot be read, after one request', async (t) => {
      const { write, sent, settled, wait } = await batcherIn(t)({
        operation: items,
        call: (original) => (call) =>
          call.endpoint === 'listItemCreations'
            ? Promise.resolve({ ok: false, failure: { type: 'forbidden', reason: 'no' } })
            : original(call),
      });
      write('record-0', {}, bulkOnly);
      await wait(5_000);
      assert.deepEqual([failedOf(settled), sent.bulk.length], [['record-0'], 1]);
    });

    test('is sent while single requests replace bodies', async (t) => {
      const { write, sent, settled, wait } = await batcherIn(t)({
        operation: items,
        access: { ...createBulkAccess(items, () => undefined), mode: () => 'single' },
      });
      write('record-0', {}, bulkOnly);
      write('record-1');
      await wait(5_000);
      assert.deepEqual(sent, { single: ['record-1'], bulk: [['record-0']] });
      assert.deepEqual(acceptedOf(settled).toSorted(), idsOf(2));
    });
  });

  test('after an unattributed job error every record is sent in a single request', async (t) => {
    const { write, all, sent, settled } = await batcherIn(t)({
      operation: items,
      jobErrors: [{ code: 'invalid', detail: 'no' }],
    });
    for (const id of idsOf(5)) write(id, { lane: 'bulk' });
    await all(idsOf(5));
    assert.deepEqual(sent.single.toSorted(), idsOf(5));
    assert.equal(acceptedOf(settled).length, 5);
  });

  test('an accepted job is reported with the number of its records that have a callback', async (t) => {
    const { write, all } = await batcherIn(t)({ operation: items });
    const reported: unknown[] = [];
    for (const id of idsOf(3)) write(id, { onJobAccepted: (job, records) => reported.push({ ...job, records }) });
    for (const id of idsOf(2, 'without-callback')) write(id);
    await all([...idsOf(3), ...idsOf(2, 'without-callback')]);
    assert.deepEqual(reported, Array(3).fill({ endpoint: 'getItemCreation', id: 'job-1', records: 3 }));
  });
});

describe('after an exception', () => {
  /** Asserts that later writes succeed. */
  async function assertGoesOn({ write, all, settled }: Awaited<ReturnType<ReturnType<typeof batcherIn>>>) {
    const ids = idsOf(6, 'later');
    for (const id of ids) write(id);
    await all(ids);
    for (const id of ids) assert.equal(settled.results.get(id)?.ok, true, id);
  }

  /** Throws once, for the first matching call. */
  function throwOnce(matches: (call: { endpoint: string }) => boolean) {
    let thrown = false;
    return (original: KlaviyoClient['call']): KlaviyoClient['call'] =>
      (call) => {
        if (thrown || !matches(call)) return original(call);
        thrown = true;
        throw new Error('a bug');
      };
  }

  test('in a single request its caller is rejected', async (t) => {
    const context = await batcherIn(t)({ operation: events });
    const singleBody = () => {
      throw new Error('a bug');
    };
    context.write('record-0', {}, { singleBody });
    context.write('record-1');
    await context.all(idsOf(2));
    assert.deepEqual([...context.settled.exceptions.keys()], ['record-0']);
    assert.deepEqual(acceptedOf(context.settled), ['record-1']);
    await assertGoesOn(context);
  });

  test('in a bulk request every caller of the body is rejected', async (t) => {
    const context = await batcherIn(t)({
      operation: events,
      call: throwOnce(({ endpoint }) => endpoint === 'createEvents'),
    });
    for (const id of idsOf(8)) context.write(id);
    await context.all(idsOf(8));
    assert.deepEqual([...context.settled.exceptions.keys()], idsOf(8));
    await assertGoesOn(context);
  });

  test('in a job callback every caller of the body is rejected', async (t) => {
    const context = await batcherIn(t)({ operation: items });
    const onJobAccepted = () => {
      throw new Error('a bug');
    };
    for (const id of idsOf(8)) context.write(id, { onJobAccepted });
    await context.all(idsOf(8));
    assert.equal(context.settled.exceptions.size, 8);
    await assertGoesOn(context);
  });

  test('while a job is polled every caller of the body is rejected', async (t) => {
    const context = await batcherIn(t)({
      operation: items,
      call: throwOnce(({ endpoint }) => endpoint === 'listItemCreations'),
    });
    for (const id of idsOf(8)) context.write(id);
    await context.all(idsOf(8));
    assert.equal(context.settled.exceptions.size, 8);
    await assertGoesOn(context);
  });

  test('in the single request of a rejected record only its caller is rejected', async (t) => {
    const context = await batcherIn(t)({
      operation: events,
      call: throwOnce(({ endpoint }) => endpoint === 'createEvent'),
      respond: (_request, ids) =>
        ids.includes('record-3')
          ? rejection(`/data/attributes/events-bulk-create/data/${ids.indexOf('record-3')}`)
          : undefined,
    });
    for (const id of idsOf(8)) context.write(id);
    await context.all(idsOf(8));
    assert.deepEqual([...context.settled.exceptions.keys()], ['record-3']);
    assert.equal(acceptedOf(context.settled).length, 7);
    await assertGoesOn(context);
  });

  test('while a body is filled every queued caller is rejected', async (t) => {
    const context = await batcherIn(t)({ operation: events });
    const deadline = {
      get aborted(): boolean {
        throw new Error('a bug');
      },
    };
    for (const id of idsOf(8)) context.write(id, { deadline });
    await context.all(idsOf(8));
    assert.equal(context.settled.exceptions.size, 8);
    await assertGoesOn(context);
  });
});
