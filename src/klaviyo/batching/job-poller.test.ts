/** Job poller: finds jobs in lists of either order and any number of pages, and tells an outage from a missing job. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  mockClock,
  type ServedAnswer,
  type ServedRequest,
  serveKlaviyo,
} from '../../../test/fixtures/klaviyo-server.ts';
import { createJobPoller, type JobResult, stateOfJob } from './job-poller.ts';
import { operations } from './operations.ts';

const job = operations.createItem.job ?? assert.fail();
const listPath = '/api/catalog-item-bulk-create-jobs';

interface ServedJob {
  id: string;
  createdAt: string | null;
  status: string;
  errors: object[];
}

interface Served {
  /** In the order of creation. */
  jobs: ServedJob[];
  order: 'newest first' | 'oldest first';
  pageSize: number;
  /** Answers instead of the list, or instead of one job. */
  instead?: ((request: ServedRequest) => ServedAnswer | undefined) | undefined;
  requests: ServedRequest[];
}

function idsOf(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `job-${from + index}`);
}

/** Jobs one second apart, all complete. */
function complete(ids: readonly string[], startSecond = 0): ServedJob[] {
  return ids.map((id, index) => ({
    id,
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, startSecond + index)).toISOString(),
    status: 'complete',
    errors: [],
  }));
}

function shown({ id, createdAt, status, errors }: ServedJob) {
  return { type: 'job', id, attributes: { status, created_at: createdAt, errors } };
}

/** The cursor is the id of a page's first job, as with keyset pages: it stays valid while jobs are added. */
function listPage({ jobs, order, pageSize }: Served, { query }: ServedRequest): ServedAnswer {
  const list = order === 'newest first' ? jobs.toReversed() : jobs;
  const cursor = query.get('page[cursor]');
  const start = cursor === null ? 0 : list.findIndex(({ id }) => id === cursor);
  if (start < 0) return refusal(400, 'invalid_cursor');
  const next = list[start + pageSize];
  const link = next && `http://klaviyo.test${listPath}?page%5Bcursor%5D=${next.id}`;
  return { body: { data: list.slice(start, start + pageSize).map(shown), links: { next: link ?? null } } };
}

function refusal(status: number, code: string): ServedAnswer {
  return { status, body: { errors: [{ code, detail: code }] } };
}

async function polled(t: TestContext, of: Partial<Served>) {
  const clock = mockClock(t);
  const served: Served = { jobs: [], order: 'newest first', pageSize: 3, requests: [], ...of };
  const client = await serveKlaviyo(t, (request) => {
    served.requests.push(request);
    const instead = served.instead?.(request);
    if (instead) return instead;
    if (request.path === listPath) return listPage(served, request);
    const found = served.jobs.find(({ id }) => request.path === `${listPath}/${id}`);
    return found ? { body: { data: shown(found) } } : refusal(404, 'not_found');
  });
  const stop = new AbortController();
  t.after(() => stop.abort());
  const poller = createJobPoller(client, stop.signal);
  return {
    served,
    client,
    poller,
    stop: () => stop.abort(),
    /** Follows a job until it has ended. */
    async end(id: string): Promise<JobResult> {
      const ended: JobResult[] = [];
      const following = poller.waitFor(job, id).then((end) => ended.push(end));
      await clock.until(() => ended.length > 0);
      await following;
      return ended[0] ?? assert.fail();
    },
    follow(id: string) {
      const ended: JobResult[] = [];
      void poller.waitFor(job, id).then((end) => ended.push(end));
      return ended;
    },
    until: clock.until,
    askedForByItself: () => served.requests.filter(({ path }) => path !== listPath).length,
    listed: () => served.requests.filter(({ path }) => path === listPath).length,
  };
}

const endedWell: JobResult = { known: true, errors: [] };

for (const order of ['newest first', 'oldest first'] as const) {
  describe(`a list that is ${order}`, () => {
    test('a job on the first page is found', async (t) => {
      const { end, askedForByItself } = await polled(t, { order, jobs: complete(idsOf(1, 3)) });
      assert.deepEqual(await end('job-2'), endedWell);
      assert.equal(askedForByItself(), 0);
    });

    for (const count of [4, 5, 7, 9]) {
      test(`every one of ${count} jobs is found on pages of three`, async (t) => {
        const jobs = complete(idsOf(1, count));
        const { end, askedForByItself } = await polled(t, { order, jobs });
        for (const { id } of jobs) assert.deepEqual(await end(id), endedWell, id);
        assert.equal(askedForByItself(), 0, 'the list is enough');
      });
    }

    test('jobs that are started after a last page of one job was read are found in the list', async (t) => {
      const { served, end, askedForByItself } = await polled(t, { order, jobs: complete(idsOf(1, 4)) });
      assert.deepEqual(await end(order === 'newest first' ? 'job-1' : 'job-4'), endedWell);
      served.jobs.push(...complete(idsOf(5, 8), 4));
      for (const id of idsOf(5, 8)) assert.deepEqual(await end(id), endedWell, id);
      assert.equal(askedForByItself(), 0, 'the list is enough');
    });

    for (const createdAt of ['2026-01-01T00:00:00Z', null])
      test(`jobs that were all created at ${createdAt} are found on every page`, async (t) => {
        const jobs = complete(idsOf(1, 7)).map((one) => ({ ...one, createdAt }));
        const { end, askedForByItself } = await polled(t, { order, jobs });
        for (const { id } of jobs) assert.deepEqual(await end(id), endedWell, id);
        assert.equal(askedForByItself(), 0);
      });

    test('a job that goes on is polled until it has ended, beside jobs that come later', async (t) => {
      const jobs = complete(idsOf(1, 4));
      const { served, follow, until, listed, askedForByItself } = await polled(t, { order, jobs });
      const slow = jobs[1] ?? assert.fail();
      slow.status = 'processing';
      const first = follow(slow.id);
      await until(() => listed() >= 4);
      served.jobs.push(...complete(idsOf(5, 9), 4));
      const later = idsOf(5, 9).map(follow);
      await until(() => later.every((ended) => ended.length === 1));
      assert.equal(first.length, 0);
      slow.status = 'complete';
      await until(() => first.length === 1);
      assert.deepEqual([first, ...later], Array(6).fill([endedWell]));
      assert.equal(askedForByItself(), 0);
    });

    test('a job that the list lacks is asked for by itself', async (t) => {
      const { served, end, askedForByItself } = await polled(t, { order, jobs: complete(idsOf(1, 7)) });
      served.instead = ({ path }) =>
        path === `${listPath}/hidden`
          ? { body: { data: shown({ id: 'hidden', createdAt: null, status: 'complete', errors: [] }) } }
          : undefined;
      assert.deepEqual(await end('hidden'), endedWell);
      assert.equal(askedForByItself(), 1);
    });

    test('a job that Klaviyo does not know is given up', async (t) => {
      const { end } = await polled(t, { order, jobs: complete(idsOf(1, 7)) });
      assert.deepEqual(await end('job-99'), { known: false, reason: 'Klaviyo does not know the job any more' });
    });

    test('an outage of the list is not a missing job', async (t) => {
      const { served, follow, until, listed, askedForByItself } = await polled(t, {
        order,
        jobs: complete(idsOf(1, 7)),
      });
      served.instead = ({ path }) => (path === listPath ? { status: 503, body: 'down' } : undefined);
      const ended = follow('job-2');
      await until(() => listed() >= 12);
      assert.equal(askedForByItself(), 0);
      served.instead = undefined;
      await until(() => ended.length === 1);
      assert.deepEqual(ended, [endedWell]);
    });

    test('an outage behind the first page is not a missing job', async (t) => {
      const { served, follow, until, listed, askedForByItself } = await polled(t, {
        order,
        jobs: complete(idsOf(1, 7)),
      });
      served.instead = ({ query }) => (query.has('page[cursor]') ? { status: 503, body: 'down' } : undefined);
      const ended = follow(order === 'newest first' ? 'job-1' : 'job-7');
      await until(() => listed() >= 24);
      assert.equal(askedForByItself(), 0);
      served.instead = undefined;
      await until(() => ended.length === 1);
      assert.deepEqual(ended, [endedWell]);
    });
  });
}

test('an oldest-first list is read on from where the last job was found, also after an outage', async (t) => {
  const { served, end, follow, until, listed } = await polled(t, {
    order: 'oldest first',
    jobs: complete(idsOf(1, 7)),
  });
  await end('job-7');
  served.instead = () => ({ status: 503, body: 'down' });
  served.jobs.push(...complete(['job-8'], 7));
  const ended = follow('job-8');
  const before = listed();
  await until(() => listed() >= before + 3);
  served.instead = undefined;
  served.requests.length = 0;
  await until(() => ended.length === 1);
  assert.ok(
    served.requests.every(({ query }) => query.has('page[cursor]')),
    'no look begins at the first page',
  );
});

test('a cursor that Klaviyo does not take any more is forgotten', async (t) => {
  const { served, end, askedForByItself } = await polled(t, { order: 'oldest first', jobs: complete(idsOf(1, 7)) });
  await end('job-7');
  served.jobs.splice(0, 7, ...complete(idsOf(8, 9), 7));
  assert.deepEqual(await end('job-9'), endedWell);
  assert.equal(askedForByItself(), 0);
});

test('a list that cannot be read at all is replaced by asking for each job', async (t) => {
  const { served, end } = await polled(t, { jobs: complete(idsOf(1, 2)) });
  served.instead = ({ path }) => (path === listPath ? { body: { data: 'another shape' } } : undefined);
  assert.deepEqual(await end('job-1'), endedWell);
});

for (const order of ['newest first', 'oldest first'] as const)
  test(`a job behind a page of a ${order} list that cannot be read is asked for by itself`, async (t) => {
    const { served, end, askedForByItself } = await polled(t, { order, jobs: complete(idsOf(1, 9)) });
    const second = order === 'newest first' ? 'job-6' : 'job-4';
    served.instead = ({ query }) =>
      query.get('page[cursor]') === second ? { body: { data: 'another shape' } } : undefined;
    assert.deepEqual(await end(order === 'newest first' ? 'job-1' : 'job-9'), endedWell);
    assert.equal(askedForByItself(), 1);
  });

test('next links without a host are followed', async (t) => {
  const { served, end, askedForByItself } = await polled(t, { jobs: complete(idsOf(1, 4)) });
  served.instead = ({ path, query }) =>
    path === listPath && !query.has('page[cursor]')
      ? { body: { data: [], links: { next: `${listPath}?page%5Bcursor%5D=job-4` } } }
      : undefined;
  assert.deepEqual(await end('job-2'), endedWell);
  assert.equal(askedForByItself(), 0);
});

test("a job's errors are told with their pointers", async (t) => {
  const jobs = complete(['job-1']);
  const errors = [
    { code: 'invalid', title: 'Invalid', detail: 'no title', source: { pointer: '/data/attributes/items/data/0' } },
    { code: 'invalid', title: 'Only a title' },
  ];
  const { end } = await polled(t, { jobs: jobs.map((one) => ({ ...one, errors })) });
  assert.deepEqual(await end('job-1'), {
    known: true,
    errors: [
      { code: 'invalid', detail: 'no title', pointer: '/data/attributes/items/data/0' },
      { code: 'invalid', detail: 'Only a title' },
    ],
  });
});

test('a cancelled job has no known end', async (t) => {
  const { end } = await polled(t, { jobs: complete(['job-1']).map((one) => ({ ...one, status: 'cancelled' })) });
  assert.deepEqual(await end('job-1'), { known: false, reason: 'Klaviyo cancelled the job' });
});

test('jobs are counted while they are followed', async (t) => {
  const { poller, follow, until } = await polled(t, { jobs: complete(idsOf(1, 2)) });
  const ended = idsOf(1, 2).map(follow);
  assert.equal(poller.inProgress(job), 2);
  await until(() => ended.every(({ length }) => length === 1));
  assert.equal(poller.inProgress(job), 0);
});

test('stopping answers every job that is followed', async (t) => {
  const { follow, until, stop, listed } = await polled(t, {
    jobs: complete(idsOf(1, 2)).map((one) => ({ ...one, status: 'queued' })),
  });
  const ended = idsOf(1, 2).map(follow);
  await until(() => listed() > 1);
  stop();
  await until(() => ended.every(({ length }) => length === 1));
  assert.deepEqual(ended.flat(), Array(2).fill({ known: false, reason: 'stopped before the job had ended' }));
});

test('an exception while polling rejects every job of the list, and the next job is followed', async (t) => {
  const { served, client, until } = await polled(t, { jobs: complete(idsOf(1, 3)) });
  let broken = true;
  const stop = new AbortController();
  t.after(() => stop.abort());
  const call: typeof client.call = (request) => {
    if (broken) throw new Error('a bug');
    return client.call(request);
  };
  const poller = createJobPoller({ ...client, call }, stop.signal);
  const failures: unknown[] = [];
  for (const id of ['job-1', 'job-2']) void poller.waitFor(job, id).catch((thrown: unknown) => failures.push(thrown));
  await until(() => failures.length === 2);
  assert.equal(poller.inProgress(job), 0);
  broken = false;
  const ended: JobResult[] = [];
  void poller.waitFor(job, 'job-3').then((end) => ended.push(end));
  await until(() => ended.length === 1);
  assert.deepEqual(ended, [endedWell]);
  assert.ok(served.requests.length > 0);
});

test('the state of a job of another process is told', async (t) => {
  const jobs = complete(idsOf(1, 2));
  const { client, served } = await polled(t, { jobs });
  const { signal } = new AbortController();
  const stateOf = (id: string) => stateOfJob(client, { endpoint: job.get, id }, signal);
  (jobs[1] ?? assert.fail()).status = 'processing';
  assert.equal(await stateOf('job-1'), 'ended');
  assert.equal(await stateOf('job-2'), 'going-on');
  assert.equal(await stateOf('job-3'), 'ended', 'not known any more');
  served.instead = () => ({ status: 503, body: 'down' });
  assert.equal(await stateOf('job-1'), 'unknown-now');
});

describe('an import of profiles', () => {
  const imports = operations.profile.job ?? assert.fail();
  const importsPath = '/api/profile-bulk-import-jobs';
  const failed = (email: string) => ({
    attributes: {
      code: 'invalid',
      detail: 'no',
      source: { pointer: '/data/attributes/profiles/data/0' },
      original_payload: { email },
    },
  });

  /** Two pages of errors. @returns how the import ended, and how often its errors were asked for */
  async function imported(t: TestContext, outages: number) {
    const clock = mockClock(t);
    let asked = 0;
    const client = await serveKlaviyo(t, ({ path, query }) => {
      if (path === importsPath)
        return { body: { data: [{ id: 'job-1', attributes: { status: 'complete', failed_count: 2 } }] } };
      asked += 1;
      if (asked <= outages) return { status: 503, body: 'down' };
      if (query.has('page[cursor]')) return { body: { data: [failed('b@example.test')] } };
      const next = `http://klaviyo.test${path}?page%5Bcursor%5D=2`;
      return { body: { data: [failed('a@example.test')], links: { next } } };
    });
    const stop = new AbortController();
    t.after(() => stop.abort());
    const ended: JobResult[] = [];
    void createJobPoller(client, stop.signal)
      .waitFor(imports, 'job-1')
      .then((end) => ended.push(end));
    await clock.until(() => ended.length === 1);
    return { end: ended[0], asked };
  }

  const errors = ['a@example.test', 'b@example.test'].map((email) => ({
    code: 'invalid',
    detail: 'no',
    pointer: '/data/attributes/profiles/data/0',
    payload: { email },
  }));

  test('has the errors of all pages', async (t) => {
    assert.deepEqual(await imported(t, 0), { end: { known: true, errors }, asked: 2 });
  });

  test('has not ended while its errors cannot be read', async (t) => {
    assert.deepEqual(await imported(t, 3), { end: { known: true, errors }, asked: 5 });
  });
});
