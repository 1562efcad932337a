/** Batcher: single requests and bulk bodies, the isolation of rejected records, and that every caller is settled. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import {
  mockClock,
  type ServedAnswer,
  type ServedRequest,
  serveKlaviyo,
} from '../../../test/fixtures/klaviyo-server.ts';
import type { ApiResult, KlaviyoClient } from '../api/client.ts';
import { createBatcher, type WriteOptions } from './batcher.ts';
import { batchItem } from './batcher-registry.ts';
import { createJobPoller } from './job-poller.ts';
import { type BatchItem, type Operation, operations } from './operations.ts';

const jobsPath = '/api/catalog-item-bulk-create-jobs';
const events: Operation = { ...operations.event, maxRecords: 20, maxSingle: 2 };
const items: Operation = { ...operations.createItem, maxRecords: 20, maxSingle: 2 };
const itemBody = z.object({
  data: z.object({ attributes: z.object({ items: z.object({ data: z.array(z.object({ id: z.string() })) }) }) }),
});
const eventBody = z.object({
  data: z.object({
    attributes: z.object({ 'events-bulk-create': z.object({ data: z.array(z.object({ id: z.string() })) }) }),
  }),
});

interface Settled {
  answers: Map<string, ApiResult>;
  failures: Map<string, unknown>;
}

interface Sent {
  single: string[];
  bulk: string[][];
}

interface Setup {
  write: Operation;
  /** Instead of the client's own call. */
  call?: (own: KlaviyoClient['call']) => KlaviyoClient['call'];
  /** What Klaviyo answers; by default it takes all. */
  answering?: (request: ServedRequest, ids: string[]) => ServedAnswer | undefined;
  jobErrors?: object[];
}

function batcherIn(t: TestContext) {
  return async ({ write, call, answering, jobErrors = [] }: Setup) => {
    const clock = mockClock(t);
    const sent: Sent = { single: [], bulk: [] };
    let started = 0;
    const client = await serveKlaviyo(t, (request) => {
      if (request.method === 'GET') {
        const attributes = { status: 'complete', errors: jobErrors };
        return {
          body: { data: Array.from({ length: started }, (_, index) => ({ id: `job-${index + 1}`, attributes })) },
        };
      }
      const ids = idsIn(request);
      if (isBulk(request)) sent.bulk.push(ids);
      else sent.single.push(...ids);
      const answer = answering?.(request, ids);
      if (answer) return answer;
      if (!isBulk(request)) return { status: 201 };
      started += 1;
      return { status: 202, body: { data: { id: `job-${started}` } } };
    });
    const stop = new AbortController();
    t.after(() => stop.abort());
    const own = call ? { ...client, call: call(client.call) } : client;
    const batcher = createBatcher(write, { client: own, jobs: createJobPoller(own, stop.signal), perMinute: 1_000 });
    const settled: Settled = { answers: new Map(), failures: new Map() };
    const put = (id: string, way: Partial<WriteOptions> = {}, item: Partial<BatchItem> = {}) => {
      const patience = { aborted: false };
      void batcher.write({ ...batchItem({ id }), ...item }, { lane: 'realtime', deadline: patience, ...way }).then(
        (answer) => settled.answers.set(id, answer),
        (thrown: unknown) => settled.failures.set(id, thrown),
      );
    };
    const all = (ids: readonly string[]) =>
      clock.until(() => ids.every((id) => settled.answers.has(id) || settled.failures.has(id)));
    return { batcher, sent, settled, put, all };
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

function rejection(pointer?: string): ServedAnswer {
  return {
    status: 400,
    body: { errors: [{ code: 'invalid', detail: 'no', ...(pointer ? { source: { pointer } } : {}) }] },
  };
}

const okOf = ({ answers }: Settled) => [...answers].filter(([, { ok }]) => ok).map(([id]) => id);
const refusedOf = ({ answers }: Settled) => [...answers].filter(([, { ok }]) => !ok).map(([id]) => id);

describe('what goes out together', () => {
  test('a few realtime records go out in single requests at once', async (t) => {
    const { put, all, sent, settled } = await batcherIn(t)({ write: events });
    for (const id of idsOf(2)) put(id);
    await all(idsOf(2));
    assert.deepEqual(sent.single.toSorted(), idsOf(2));
    assert.deepEqual(sent.bulk, []);
    assert.deepEqual(okOf(settled).toSorted(), idsOf(2));
  });

  test('records that are written at the same moment go out in one bulk body', async (t) => {
    const { put, all, sent, settled } = await batcherIn(t)({ write: events });
    for (const id of idsOf(15)) put(id);
    await all(idsOf(15));
    assert.deepEqual(sent, { single: [], bulk: [idsOf(15)] });
    assert.equal(okOf(settled).length, 15);
  });

  test('a body holds no more records than its endpoint takes', async (t) => {
    const { put, all, sent } = await batcherIn(t)({ write: events });
    for (const id of idsOf(50)) put(id, { lane: 'bulk' });
    await all(idsOf(50));
    assert.deepEqual(sent.bulk.map(({ length }) => length).toSorted(), [10, 20, 20]);
    assert.deepEqual(sent.bulk.flat().toSorted(), idsOf(50).toSorted());
  });

  test('a body holds no more bytes than its endpoint takes', async (t) => {
    const { put, all, sent } = await batcherIn(t)({ write: events });
    const large = { text: `{"id":"large","pad":"${'x'.repeat(2_000_000)}"}`, bytes: 2_000_030 };
    for (const id of idsOf(3, 'large'))
      put(id, { lane: 'bulk' }, { ...large, text: large.text.replace('"large"', `"${id}"`) });
    await all(idsOf(3, 'large'));
    assert.deepEqual(sent.bulk, [['large-0', 'large-1']]);
    assert.deepEqual(sent.single, ['large-2']);
  });

  test('a single bulk record waits for others before it goes out', async (t) => {
    const { put, all, sent } = await batcherIn(t)({ write: events });
    put('record-0', { lane: 'bulk' });
    await turn();
    await turn();
    assert.deepEqual(sent, { single: [], bulk: [] });
    for (const id of idsOf(5).slice(1)) put(id, { lane: 'bulk' });
    await all(idsOf(5));
    assert.deepEqual(sent, { single: [], bulk: [idsOf(5)] });
  });

  test('profiles with conflicting identifiers go out in different bodies', async (t) => {
    const { put, all, sent } = await batcherIn(t)({ write: events });
    const people = [
      { email: 'a@example.test', external_id: '1' },
      { email: 'a@example.test', external_id: '2' },
    ];
    for (const [index, id] of idsOf(6).entries()) {
      const profile = people[index % 2];
      put(id, { lane: 'bulk' }, profile ? { profile } : {});
    }
    await all(idsOf(6));
    assert.deepEqual(sent.bulk, [
      ['record-0', 'record-2', 'record-4'],
      ['record-1', 'record-3', 'record-5'],
    ]);
  });

  test('the backlog is what waits at the published pace', async (t) => {
    const { batcher, put, all } = await batcherIn(t)({ write: events });
    for (const id of idsOf(10)) put(id);
    // Half a body, of a thousand a minute.
    assert.equal(batcher.estimateWaitMs(), 30);
    await all(idsOf(10));
    assert.equal(batcher.estimateWaitMs(), 0);
  });
});

describe('deadlines', () => {
  for (const count of [1, 15])
    test(`${count} records whose deadline has passed are withdrawn`, async (t) => {
      const { put, all, sent, settled } = await batcherIn(t)({ write: events });
      for (const id of idsOf(count)) put(id, { deadline: { aborted: true } });
      await all(idsOf(count));
      assert.deepEqual(sent, { single: [], bulk: [] });
      assert.equal(refusedOf(settled).length, count);
    });

  test('records with time left are sent without those that have none', async (t) => {
    const { put, all, sent, settled } = await batcherIn(t)({ write: events });
    for (const [index, id] of idsOf(9).entries()) put(id, { deadline: { aborted: index % 3 === 1 } });
    await all(idsOf(9));
    const late = ['record-1', 'record-4', 'record-7'];
    assert.deepEqual(refusedOf(settled).toSorted(), late);
    assert.deepEqual(
      sent.bulk.flat().toSorted(),
      idsOf(9).filter((id) => !late.includes(id)),
    );
  });
});

describe('rejected records', () => {
  const eventPointer = (index: number) => `/data/attributes/events-bulk-create/data/${index}/attributes/time`;

  test('the record that a pointer means gets an answer of its own, the rest goes again', async (t) => {
    const { put, all, sent, settled } = await batcherIn(t)({
      write: events,
      answering: (_request, ids) =>
        ids.includes('record-3')
          ? rejection(ids.length > 1 ? eventPointer(ids.indexOf('record-3')) : undefined)
          : undefined,
    });
    for (const id of idsOf(15)) put(id);
    await all(idsOf(15));
    assert.deepEqual(refusedOf(settled), ['record-3']);
    assert.equal(okOf(settled).length, 14);
    assert.deepEqual(sent.single, ['record-3']);
    assert.deepEqual(
      sent.bulk.map(({ length }) => length),
      [15, 14],
    );
  });

  test('without pointers exactly the rejected records are found', async (t) => {
    const odd = ['record-2', 'record-17'];
    const { put, all, settled } = await batcherIn(t)({
      write: events,
      answering: (_request, ids) => (ids.some((id) => odd.includes(id)) ? rejection() : undefined),
    });
    for (const id of idsOf(20)) put(id);
    await all(idsOf(20));
    assert.deepEqual(refusedOf(settled).toSorted(), odd.toSorted());
    assert.equal(okOf(settled).length, 18);
  });

  test("a job's errors reject their records only", async (t) => {
    const { put, all, settled } = await batcherIn(t)({
      write: items,
      jobErrors: [
        { code: 'invalid', detail: 'no', source: { pointer: '/data/attributes/items/data/1/attributes/url' } },
      ],
    });
    for (const id of idsOf(5)) put(id, { lane: 'bulk' });
    await all(idsOf(5));
    assert.deepEqual(refusedOf(settled), ['record-1']);
    assert.equal(okOf(settled).length, 4);
  });

  test('an error of a job that means no record gives every record an answer of its own', async (t) => {
    const { put, all, sent, settled } = await batcherIn(t)({
      write: items,
      jobErrors: [{ code: 'invalid', detail: 'no' }],
    });
    for (const id of idsOf(5)) put(id, { lane: 'bulk' });
    await all(idsOf(5));
    assert.deepEqual(sent.single.toSorted(), idsOf(5));
    assert.equal(okOf(settled).length, 5);
  });

  test('a job is told with how many records of its body listen', async (t) => {
    const { put, all } = await batcherIn(t)({ write: items });
    const told: unknown[] = [];
    for (const id of idsOf(3)) put(id, { onJobAccepted: (job, records) => told.push({ ...job, records }) });
    for (const id of idsOf(2, 'other')) put(id);
    await all([...idsOf(3), ...idsOf(2, 'other')]);
    assert.deepEqual(told, Array(3).fill({ endpoint: 'getItemCreation', id: 'job-1', records: 3 }));
  });
});

describe('after an exception', () => {
  /** Writes again, which has to work. */
  async function goesOn({ put, all, settled }: Awaited<ReturnType<ReturnType<typeof batcherIn>>>) {
    const ids = idsOf(6, 'later');
    for (const id of ids) put(id);
    await all(ids);
    for (const id of ids) assert.equal(settled.answers.get(id)?.ok, true, id);
  }

  /** Throws for the first body, or for single requests of a record. */
  function throwing(when: (call: { endpoint: string }) => boolean) {
    let thrown = false;
    return (own: KlaviyoClient['call']): KlaviyoClient['call'] =>
      (call) => {
        if (thrown || !when(call)) return own(call);
        thrown = true;
        throw new Error('a bug');
      };
  }

  test('in a single request its caller is rejected', async (t) => {
    const one = await batcherIn(t)({ write: events });
    const single = () => {
      throw new Error('a bug');
    };
    one.put('record-0', {}, { singleBody: single });
    one.put('record-1');
    await one.all(idsOf(2));
    assert.deepEqual([...one.settled.failures.keys()], ['record-0']);
    assert.deepEqual(okOf(one.settled), ['record-1']);
    await goesOn(one);
  });

  test('in a bulk request every caller of the body is rejected', async (t) => {
    const one = await batcherIn(t)({ write: events, call: throwing(({ endpoint }) => endpoint === 'createEvents') });
    for (const id of idsOf(8)) one.put(id);
    await one.all(idsOf(8));
    assert.deepEqual([...one.settled.failures.keys()], idsOf(8));
    await goesOn(one);
  });

  test('in a listener of a job every caller of the body is rejected', async (t) => {
    const one = await batcherIn(t)({ write: items });
    const onJobAccepted = () => {
      throw new Error('a bug');
    };
    for (const id of idsOf(8)) one.put(id, { onJobAccepted });
    await one.all(idsOf(8));
    assert.equal(one.settled.failures.size, 8);
    await goesOn(one);
  });

  test('while a job is polled every caller of the body is rejected', async (t) => {
    const one = await batcherIn(t)({
      write: items,
      call: throwing(({ endpoint }) => endpoint === 'listItemCreations'),
    });
    for (const id of idsOf(8)) one.put(id);
    await one.all(idsOf(8));
    assert.equal(one.settled.failures.size, 8);
    await goesOn(one);
  });

  test('while a rejected record gets an answer of its own only its caller is rejected', async (t) => {
    const one = await batcherIn(t)({
      write: events,
      call: throwing(({ endpoint }) => endpoint === 'createEvent'),
      answering: (_request, ids) =>
        ids.includes('record-3')
          ? rejection(`/data/attributes/events-bulk-create/data/${ids.indexOf('record-3')}`)
          : undefined,
    });
    for (const id of idsOf(8)) one.put(id);
    await one.all(idsOf(8));
    assert.deepEqual([...one.settled.failures.keys()], ['record-3']);
    assert.equal(okOf(one.settled).length, 7);
    await goesOn(one);
  });

  test('while a body is put together every waiting caller is rejected', async (t) => {
    const one = await batcherIn(t)({ write: events });
    const patience = {
      get aborted(): boolean {
        throw new Error('a bug');
      },
    };
    for (const id of idsOf(8)) one.put(id, { deadline: patience });
    await one.all(idsOf(8));
    assert.equal(one.settled.failures.size, 8);
    await goesOn(one);
  });
});
