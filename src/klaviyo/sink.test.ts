/** Tests coalescing and order of changes, early acknowledgement of jobs, retries during an outage, and exceptions. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  mockClock,
  type ServedRequest,
  type ServedResponse,
  serveKlaviyo,
} from '../../test/fixtures/klaviyo-server.ts';
import type { Receipt, SequencedChange } from './change.ts';
import type { StoreJob } from './early-ack.ts';
import { compoundId } from './existing-records.ts';
import { createSink } from './sink.ts';

/** More than are sent in single requests. */
const ids = Array.from({ length: 40 }, (_, index) => `customer-${index}`);
const delivered = { outcome: 'delivered' };

function profile(customerId: string, { readSeq = 1, title = '' } = {}): SequencedChange<string> {
  return {
    type: 'profile',
    customerId,
    profile: { email: `${customerId}@example.test`, external_id: customerId, title },
    identityConflict: 'email',
    emailFirst: false,
    readSeq,
    origin: customerId,
  };
}

interface Setup {
  jobStatus: 'processing' | 'complete' | 'cancelled';
  /** Replaces the response to a request. */
  override?: (request: ServedRequest) => ServedResponse | undefined;
  storeJob?: StoreJob<string>;
}

async function startSink(t: TestContext, setup: Setup) {
  const clock = mockClock(t);
  const requests: ServedRequest[] = [];
  let jobs = 0;
  const client = await serveKlaviyo(t, (request) => {
    requests.push(request);
    const override = setup.override?.(request);
    if (override) return override;
    if (request.method === 'POST') {
      if (!request.path.endsWith('-jobs')) return { status: 201 };
      jobs += 1;
      return { status: 202, body: { data: { id: `job-${jobs}` } } };
    }
    const attributes = { status: setup.jobStatus };
    return { body: { data: Array.from({ length: jobs }, (_, index) => ({ id: `job-${index + 1}`, attributes })) } };
  });
  const storeJob = setup.storeJob ?? (() => Promise.resolve());
  const sink = createSink<string>({
    ...{
      client,
      rateLimitShare: 1,
      storeJob,
      onWarning: () => undefined,
      isSold: () => Promise.resolve(false),
      hasOtherCustomer: () => Promise.resolve(false),
      profileOfOrder: () => Promise.resolve(undefined),
      rememberOrderProfile: () => Promise.resolve(),
      maxListingMs: 0,
    },
    repeatedEvents: { read: () => Promise.resolve('ignored'), write: () => Promise.resolve() },
  });
  t.after(() => sink.close());
  const { signal } = new AbortController();
  return { sink, clock, signal, requests };
}

/** @returns an array that receives the promises' values */
function collect<T>(promises: readonly Promise<T>[]): T[] {
  const values: T[] = [];
  for (const promise of promises) void promise.then((value) => values.push(value));
  return values;
}

function settledOf(receipts: readonly Receipt[]): Promise<Receipt>[] {
  return receipts.map(
    (receipt) => (receipt.outcome === 'delivered' && receipt.settled) || assert.fail(receipt.outcome),
  );
}

describe('changes to the same record', () => {
  const titlesOf = (requests: readonly ServedRequest[]) =>
    requests.map(({ body }) => JSON.parse(body).data.attributes.title);

  test('are coalesced while they are pending: the highest readSeq wins in both lanes', async (t) => {
    const { sink, clock, signal, requests } = await startSink(t, { jobStatus: 'complete' });
    const sent = [
      // Not pending: its write begins at once.
      sink.send([profile('anna', { readSeq: 1, title: 'first' })], { lane: 'bulk', signal }),
      sink.send([profile('anna', { readSeq: 3, title: 'third' })], { lane: 'bulk', signal }),
      sink.send([profile('anna', { readSeq: 2, title: 'second' })], { lane: 'realtime', signal }),
    ];
    const receipts = collect(sent);
    await clock.until(() => receipts.length === 3);
    assert.deepEqual(titlesOf(requests), ['first', 'third']);
    assert.deepEqual(receipts.flat(), [delivered, delivered, delivered]);
  });

  test('are dropped after a higher readSeq was written', async (t) => {
    const { sink, clock, signal, requests } = await startSink(t, { jobStatus: 'complete' });
    const receipts = collect([
      sink.send([profile('anna', { readSeq: 2, title: 'new' })], { lane: 'realtime', signal }),
    ]);
    await clock.until(() => receipts.length === 1);
    const dropped = sink.send([profile('anna', { readSeq: 1, title: 'old' })], { lane: 'realtime', signal });
    assert.deepEqual(await dropped, [delivered]);
    assert.deepEqual(titlesOf(requests), ['new']);
  });

  test('wait until the job of the change before has ended', async (t) => {
    const setup: Setup = { jobStatus: 'processing' };
    const { sink, clock, signal, requests } = await startSink(t, setup);
    const jobRequests = () => requests.filter(({ method }) => method === 'POST').length;
    const first = collect([
      sink.send(
        ids.map((id) => profile(id)),
        { lane: 'realtime', signal },
      ),
    ]);
    await clock.until(() => first.length === 1);
    const second = collect([sink.send([profile('customer-0', { readSeq: 2 })], { lane: 'realtime', signal })]);
    const polls = requests.length + 5;
    await clock.until(() => requests.length >= polls);
    assert.equal(jobRequests(), 1);
    setup.jobStatus = 'complete';
    await clock.until(() => second.length === 1);
    assert.equal(jobRequests(), 2);
  });
});

test('the single request of a deletion has no body', async (t) => {
  const { sink, clock, signal, requests } = await startSink(t, {
    jobStatus: 'complete',
    override: ({ method, path }) => {
      if (method !== 'GET') return { status: 204, body: '' };
      const items = path.startsWith('/api/catalog-items') ? [{ id: compoundId('item-1'), attributes: {} }] : [];
      return { body: { data: items } };
    },
  });
  const change: SequencedChange<string> = { type: 'delete', recordType: 'item', externalId: 'item-1', readSeq: 1 };
  const receipts = collect([sink.send([change], { lane: 'realtime', signal })]);
  await clock.until(() => receipts.length === 1);
  assert.deepEqual(receipts, [[delivered]]);
  assert.deepEqual(
    requests.filter(({ method }) => method === 'DELETE').map(({ body }) => body),
    [''],
  );
});

for (const recordType of ['item', 'category'] as const)
  test(`a new ${recordType} that Klaviyo does not list yet is deleted`, async (t) => {
    const { sink, clock, signal, requests } = await startSink(t, {
      jobStatus: 'complete',
      override: ({ method }) => (method === 'GET' ? { body: { data: [] } } : { status: 204, body: '' }),
    });
    const change: SequencedChange<string> = { type: 'delete', recordType, externalId: 'new', readSeq: 1 };
    const receipts = collect([sink.send([change], { lane: 'realtime', signal })]);
    await clock.until(() => receipts.length === 1);
    assert.deepEqual(receipts, [[delivered]]);
    assert.equal(requests.filter(({ method }) => method === 'DELETE').length, 1);
  });

test('an erasure names the profile by its id alone', async (t) => {
  const profile = { id: 'profile-1', attributes: { email: 'mia@example.test', external_id: 'customer-1' } };
  const { sink, clock, signal, requests } = await startSink(t, {
    jobStatus: 'complete',
    override: ({ method }) => (method === 'GET' ? { body: { data: [profile] } } : { status: 202, body: '' }),
  });
  const receipts = collect([
    sink.send([{ type: 'erasure', customerId: 'customer-1', readSeq: 1 }], { lane: 'realtime', signal }),
  ]);
  await clock.until(() => receipts.length === 1);
  assert.deepEqual(receipts, [[delivered]]);
  const named = { data: { type: 'profile', id: 'profile-1', attributes: {} } };
  assert.deepEqual(
    requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(String(body))),
    [{ data: { type: 'data-privacy-deletion-job', attributes: { profile: named } } }],
  );
});

describe('an erasure', () => {
  const erasure: SequencedChange<string> = { type: 'erasure', customerId: 'anna', readSeq: 2 };
  const served: Setup = {
    jobStatus: 'complete',
    override: ({ method, path }) => {
      if (method === 'GET') return { body: { data: [{ id: 'profile-1', attributes: { external_id: 'anna' } }] } };
      return path.endsWith('deletion-jobs') ? { status: 202, body: '' } : undefined;
    },
  };
  const writesOf = (requests: readonly ServedRequest[]) =>
    requests.flatMap(({ method, path }) => (method === 'POST' ? [path] : []));

  test('is not replaced by a profile that was read later, from a query that still showed the customer', async (t) => {
    const { sink, clock, signal, requests } = await startSink(t, served);
    const receipts = collect(
      [profile('anna'), erasure, profile('anna', { readSeq: 3 })].map((change) =>
        sink.send([change], { lane: 'realtime', signal }),
      ),
    );
    await clock.until(() => receipts.length === 3);
    assert.deepEqual(receipts.flat(), [delivered, delivered, delivered]);
    assert.deepEqual(writesOf(requests), ['/api/profile-import', '/api/data-privacy-deletion-jobs']);
  });

  test('is requested also after such a profile was written, and again; no profile follows it', async (t) => {
    const { sink, clock, signal, requests } = await startSink(t, served);
    for (const change of [profile('anna', { readSeq: 3 }), erasure, erasure, profile('anna', { readSeq: 4 })]) {
      const receipts = collect([sink.send([change], { lane: 'realtime', signal })]);
      await clock.until(() => receipts.length === 1);
      assert.deepEqual(receipts, [[delivered]]);
    }
    const deletion = '/api/data-privacy-deletion-jobs';
    assert.deepEqual(writesOf(requests), ['/api/profile-import', deletion, deletion]);
  });
});

describe('early acknowledgement', () => {
  test('a job is stored once, with all of its origins, before its callers get their receipts', async (t) => {
    const storedJobs: { id: string; origins: string[] }[] = [];
    const stored = Promise.withResolvers<void>();
    const setup: Setup = {
      jobStatus: 'processing',
      storeJob: (job, origins) => {
        storedJobs.push({ id: job.id, origins: [...origins] });
        return stored.promise;
      },
    };
    const { sink, clock, signal } = await startSink(t, setup);
    const receipts = collect([
      sink.send(
        ids.map((id) => profile(id)),
        { lane: 'realtime', signal },
      ),
    ]);
    await clock.until(() => storedJobs.length > 0);
    await turn();
    assert.equal(receipts.length, 0);
    assert.deepEqual(storedJobs, [{ id: 'job-1', origins: ids }]);
    stored.resolve();
    await clock.until(() => receipts.length > 0);
    const settled = collect(settledOf(receipts.flat()));
    setup.jobStatus = 'complete';
    await clock.until(() => settled.length === ids.length);
    assert.ok(settled.every(({ outcome }) => outcome === 'delivered'));
    assert.equal(storedJobs.length, 1);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  test('callers wait for the end of a job that could not be stored', async (t) => {
    let attempts = 0;
    const setup: Setup = {
      jobStatus: 'processing',
      storeJob: () => {
        attempts += 1;
        return Promise.reject(new Error('the store is unavailable'));
      },
    };
    const { sink, clock, signal } = await startSink(t, setup);
    const receipts = collect([
      sink.send(
        ids.map((id) => profile(id)),
        { lane: 'realtime', signal },
      ),
    ]);
    await clock.until(() => attempts > 0);
    await turn();
    assert.equal(receipts.length, 0);
    setup.jobStatus = 'complete';
    await clock.until(() => receipts.length > 0);
    assert.deepEqual(receipts.flat(), Array(ids.length).fill(delivered));
  });

  test('bulk waits for the end of a job, and the job is not stored', async (t) => {
    const storeJob = () => assert.fail('stored');
    const { sink, clock, signal } = await startSink(t, { jobStatus: 'complete', storeJob });
    const receipts = collect([
      sink.send(
        ids.map((id) => profile(id)),
        { lane: 'bulk', signal },
      ),
    ]);
    await clock.until(() => receipts.length > 0);
    assert.deepEqual(receipts.flat(), Array(ids.length).fill(delivered));
  });

  test('a page of a sync that joins realtime changes waits for the job, which is stored with their origins', async (t) => {
    const storedJobs: { id: string; origins: string[] }[] = [];
    const setup: Setup = {
      jobStatus: 'processing',
      storeJob: async (job, origins) => void storedJobs.push({ id: job.id, origins: [...origins] }),
    };
    const { sink, clock, signal } = await startSink(t, setup);
    const inRealtime = (readSeq: number) =>
      sink.send(
        ids.map((id) => profile(id, { readSeq })),
        { lane: 'realtime', signal },
      );
    void inRealtime(1);
    await clock.until(() => storedJobs.length === 1);
    const joined = collect([inRealtime(2)]);
    const ofPage = ids.map((id): SequencedChange<string> => {
      const { origin: _origin, ...change } = profile(id, { readSeq: 3 });
      return change;
    });
    const page = collect([sink.send(ofPage, { lane: 'bulk', signal })]);
    setup.jobStatus = 'complete';
    await clock.until(() => storedJobs.length === 2 || page.length > 0);
    setup.jobStatus = 'processing';
    await clock.until(() => joined.length === 1);
    assert.deepEqual([storedJobs[1], page], [{ id: 'job-2', origins: ids }, []]);
    setup.jobStatus = 'complete';
    await clock.until(() => page.length === 1);
    assert.deepEqual(page.flat(), Array(ids.length).fill(delivered));
  });

  test('the changes of a cancelled job are retried during an outage of 16 minutes', async (t) => {
    const setup: Setup = { jobStatus: 'cancelled' };
    const { sink, clock, signal } = await startSink(t, setup);
    const receipts = collect([
      sink.send(
        ids.map((id) => profile(id)),
        { lane: 'realtime', signal },
      ),
    ]);
    await clock.until(() => receipts.length > 0);
    const settled = collect(settledOf(receipts.flat()));
    const outageEndsAt = performance.now() + 16 * 60_000;
    setup.override = () => {
      if (performance.now() < outageEndsAt) return { status: 503, body: 'down' };
      setup.jobStatus = 'complete';
      return undefined;
    };
    await clock.until(() => settled.length === ids.length, 200);
    assert.deepEqual(settled, Array(ids.length).fill(delivered));
  });
});

test('an item that waited for the stock of its variant is compared with that stock', async (t) => {
  const shared = { title: 't', description: '', url: '', image_full_url: null, published: true, custom_metadata: {} };
  const variant = {
    ...shared,
    ...{ external_id: 'sku', sku: 'sku', price: 1 },
    inventory_quantity: 5,
    inventory_policy: 1,
  } as const;
  const item = { ...shared, external_id: 'item', price: 1 };
  const included = [{ id: compoundId('sku'), attributes: variant }];
  const variants = { data: [{ id: compoundId('sku') }] };
  const listed = { data: [{ id: compoundId('item'), attributes: item, relationships: { variants } }], included };
  const { sink, clock, signal, requests } = await startSink(t, {
    jobStatus: 'complete',
    override: ({ method }) => (method === 'GET' ? { body: listed } : { body: { data: { id: 'record' } } }),
  });
  const receipts = collect([
    sink.send([{ type: 'stock', sku: 'sku', quantity: 7, policy: 1, readSeq: 1 }], { lane: 'realtime', signal }),
    sink.send([{ type: 'item', item, variants: [variant], categories: [], readSeq: 2 }], { lane: 'realtime', signal }),
  ]);
  await clock.until(() => receipts.length === 2);
  assert.deepEqual(receipts.flat(), [delivered, delivered]);
  const quantities = requests.flatMap(({ method, body }) =>
    method === 'PATCH' ? [JSON.parse(body).data.attributes.inventory_quantity] : [],
  );
  assert.deepEqual(quantities, [7, 5]);
});

test('an exception while a change is written is a failed receipt', async (t) => {
  const { sink, clock, signal } = await startSink(t, { jobStatus: 'complete' });
  const broken = profile('customer-1');
  Object.defineProperty(broken, 'profile', {
    get() {
      throw new Error('a bug');
    },
  });
  const receipts = collect([sink.send([broken, profile('customer-2')], { lane: 'realtime', signal })]);
  await clock.until(() => receipts.length > 0);
  assert.deepEqual(
    receipts.flat().map(({ outcome }) => outcome),
    ['failed', 'delivered'],
  );
});

test('a placed order is sent before thousands of waiting events of carts', async (t) => {
  const { sink, clock, signal, requests } = await startSink(t, { jobStatus: 'complete' });
  const event = (metric: string, index: number): SequencedChange<string> => ({
    ...{ type: 'event', metric, uniqueId: `${metric} ${index}`, time: '2026-03-14T10:00:00.000Z', properties: {} },
    profile: { email: `guest-${index}@example.test` },
    readSeq: 1,
  });
  const receipts: Receipt[] = [];
  void sink
    .send(
      Array.from({ length: 5_000 }, (_, index) => event('Added to Cart', index)),
      { lane: 'cart', signal },
    )
    .then((all) => receipts.push(...all));
  const order: Receipt[] = [];
  void sink.send([event('Placed Order', 0)], { lane: 'realtime', signal }).then((all) => order.push(...all));
  await clock.until(() => order.length > 0);
  assert.deepEqual(order, [delivered]);
  assert.deepEqual(
    requests.map(({ body }) => [body.includes('Placed Order'), body.includes('Added to Cart')]),
    [[true, false]],
  );
  await clock.until(() => receipts.length === 5_000);
  assert.ok(receipts.every(({ outcome }) => outcome === 'delivered'));
});
