/** Tests polling of job lists in either order and with any number of pages, and that an outage is not a missing job. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  mockClock,
  type ServedRequest,
  type ServedResponse,
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
  failedCount?: number;
}

interface Served {
  /** In the order of creation. */
  jobs: ServedJob[];
  order: 'newest first' | 'oldest first';
  pageSize: number;
  /** Replaces the response to a request. */
  override?: ((request: ServedRequest) => ServedResponse | undefined) | undefined;
  requests: ServedRequest[];
}

function idsOf(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `job-${from + index}`);
}

/** Completed jobs, created one second after the other. */
function completedJobs(ids: readonly string[], startSecond = 0): ServedJob[] {
  return ids.map((id, index) => ({
    id,
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, startSecond + index)).toISOString(),
    status: 'complete',
    errors: [],
  }));
}

function toResource({ id, createdAt, status, errors, failedCount }: ServedJob) {
  return { type: 'job', id, attributes: { status, created_at: createdAt, errors, failed_count: failedCount } };
}

/** A page's cursor is the id of its first job, so that it stays valid while jobs are added. */
function listPage({ jobs, order, pageSize }: Served, { query }: ServedRequest): ServedResponse {
  const list = order === 'newest first' ? jobs.toReversed() : jobs;
  const cursor = query.get('page[cursor]');
  const start = cursor === null ? 0 : list.findIndex(({ id }) => id === cursor);
  if (start < 0) return errorResponse(400, 'invalid_cursor');
  const next = list[start + pageSize];
  const link = next && `http://klaviyo.test${listPath}?page%5Bcursor%5D=${next.id}`;
  return { body: { data: list.slice(start, start + pageSize).map(toResource), links: { next: link ?? null } } };
}

function errorResponse(status: number, code: string): ServedResponse {
  return { status, body: { errors: [{ code, detail: code }] } };
}

async function startPolling(t: TestContext, setup: Partial<Served>) {
  const clock = mockClock(t);
  const served: Served = { jobs: [], order: 'newest first', pageSize: 3, requests: [], ...setup };
  const client = await serveKlaviyo(t, (request) => {
    served.requests.push(request);
    const override = served.override?.(request);
    if (override) return override;
    if (request.path === listPath) return listPage(served, request);
    const found = served.jobs.find(({ id }) => request.path === `${listPath}/${id}`);
    return found ? { body: { data: toResource(found) } } : errorResponse(404, 'not_found');
  });
  const stop = new AbortController();
  t.after(() => stop.abort());
  const poller = createJobPoller(client, stop.signal);

  /** @returns an array that receives the result */
  function waitFor(id: string): JobResult[] {
    const results: JobResult[] = [];
    void poller.waitFor(job, id).then((result) => results.push(result));
    return results;
  }

  return {
    served,
    client,
    poller,
    stop: () => stop.abort(),
    /** Waits for a job with the clock running. */
    async resultOf(id: string): Promise<JobResult> {
      const results = waitFor(id);
      await clock.until(() => results.length > 0);
      return results[0] ?? assert.fail();
    },
    waitFor,
    until: clock.until,
    requestedById: () => served.requests.filter(({ path }) => path !== listPath).length,
    listRequests: () => served.requests.filter(({ path }) => path === listPath).length,
  };
}

const completed: JobResult = { outcome: 'completed', errors: [], unlistedErrors: 0 };

for (const order of ['newest first', 'oldest first'] as const) {
  describe(`a list that is ${order}`, () => {
    test('a job on the first page is found', async (t) => {
      const { resultOf, requestedById } = await startPolling(t, { order, jobs: completedJobs(idsOf(1, 3)) });
      assert.deepEqual(await resultOf('job-2'), completed);
      assert.equal(requestedById(), 0);
    });

    for (const count of [4, 5, 7, 9]) {
      test(`every one of ${count} jobs is found on pages of three`, async (t) => {
        const jobs = completedJobs(idsOf(1, count));
        const { resultOf, requestedById } = await startPolling(t, { order, jobs });
        for (const { id } of jobs) assert.deepEqual(await resultOf(id), completed, id);
        assert.equal(requestedById(), 0, 'the list is enough');
      });
    }

    test('jobs that start after a poll ended at the last page are found in the list', async (t) => {
      const { served, resultOf, requestedById } = await startPolling(t, { order, jobs: completedJobs(idsOf(1, 4)) });
      assert.deepEqual(await resultOf(order === 'newest first' ? 'job-1' : 'job-4'), completed);
      served.jobs.push(...completedJobs(idsOf(5, 8), 4));
      for (const id of idsOf(5, 8)) assert.deepEqual(await resultOf(id), completed, id);
      assert.equal(requestedById(), 0, 'the list is enough');
    });

    for (const createdAt of ['2026-01-01T00:00:00Z', null])
      test(`jobs that were all created at ${createdAt} are found on every page`, async (t) => {
        const jobs = completedJobs(idsOf(1, 7)).map((job) => ({ ...job, createdAt }));
        const { resultOf, requestedById } = await startPolling(t, { order, jobs });
        for (const { id } of jobs) assert.deepEqual(await resultOf(id), completed, id);
        assert.equal(requestedById(), 0);
      });

    test('an unfinished job is polled until it has ended, beside jobs that start later', async (t) => {
      const jobs = completedJobs(idsOf(1, 4));
      const { served, waitFor, until, listRequests, requestedById } = await startPolling(t, { order, jobs });
      const slow = jobs[1] ?? assert.fail();
      slow.status = 'processing';
      const first = waitFor(slow.id);
      await until(() => listRequests() >= 4);
      served.jobs.push(...completedJobs(idsOf(5, 9), 4));
      const later = idsOf(5, 9).map(waitFor);
      await until(() => later.every((results) => results.length === 1));
      assert.equal(first.length, 0);
      slow.status = 'complete';
      await until(() => first.length === 1);
      assert.deepEqual([first, ...later], Array(6).fill([completed]));
      assert.equal(requestedById(), 0);
    });

    test('a job that the list lacks is requested by its id', async (t) => {
      const { served, resultOf, requestedById } = await startPolling(t, { order, jobs: completedJobs(idsOf(1, 7)) });
      served.override = ({ path }) =>
        path === `${listPath}/hidden`
          ? { body: { data: toResource({ id: 'hidden', createdAt: null, status: 'complete', errors: [] }) } }
          : undefined;
      assert.deepEqual(await resultOf('hidden'), completed);
      assert.equal(requestedById(), 1);
    });

    test('a job that Klaviyo does not know has an unknown outcome', async (t) => {
      const { resultOf } = await startPolling(t, { order, jobs: completedJobs(idsOf(1, 7)) });
      assert.deepEqual(await resultOf('job-99'), {
        outcome: 'unknown',
        reason: 'Klaviyo no longer knows the job',
      });
    });

    test('during an outage of the list no job is requested by its id', async (t) => {
      const { served, waitFor, until, listRequests, requestedById } = await startPolling(t, {
        order,
        jobs: completedJobs(idsOf(1, 7)),
      });
      served.override = ({ path }) => (path === listPath ? { status: 503, body: 'down' } : undefined);
      const results = waitFor('job-2');
      await until(() => listRequests() >= 12);
      assert.equal(requestedById(), 0);
      served.override = undefined;
      await until(() => results.length === 1);
      assert.deepEqual(results, [completed]);
    });

    test('during an outage of later pages no job is requested by its id', async (t) => {
      const { served, waitFor, until, listRequests, requestedById } = await startPolling(t, {
        order,
        jobs: completedJobs(idsOf(1, 7)),
      });
      served.override = ({ query }) => (query.has('page[cursor]') ? { status: 503, body: 'down' } : undefined);
      const results = waitFor(order === 'newest first' ? 'job-1' : 'job-7');
      await until(() => listRequests() >= 24);
      assert.equal(requestedById(), 0);
      served.override = undefined;
      await until(() => results.length === 1);
      assert.deepEqual(results, [completed]);
    });
  });
}

test('polls of an oldest-first list start at the page of the last job, also after an outage', async (t) => {
  const { served, resultOf, waitFor, until, listRequests } = await startPolling(t, {
    order: 'oldest first',
    jobs: completedJobs(idsOf(1, 7)),
  });
  await resultOf('job-7');
  served.override = () => ({ status: 503, body: 'down' });
  served.jobs.push(...completedJobs(['job-8'], 7));
  const results = waitFor('job-8');
  const before = listRequests();
  await until(() => listRequests() >= before + 3);
  served.override = undefined;
  served.requests.length = 0;
  await until(() => results.length === 1);
  assert.ok(
    served.requests.every(({ query }) => query.has('page[cursor]')),
    'no poll starts at the first page',
  );
});

test('a poll whose cursor is rejected is followed by one from the first page', async (t) => {
  const { served, resultOf, requestedById } = await startPolling(t, {
    order: 'oldest first',
    jobs: completedJobs(idsOf(1, 7)),
  });
  await resultOf('job-7');
  served.jobs.splice(0, 7, ...completedJobs(idsOf(8, 9), 7));
  assert.deepEqual(await resultOf('job-9'), completed);
  assert.equal(requestedById(), 0);
});

test('when a list is unusable each job is requested by its id', async (t) => {
  const { served, resultOf } = await startPolling(t, { jobs: completedJobs(idsOf(1, 2)) });
  served.override = ({ path }) => (path === listPath ? { body: { data: 'another shape' } } : undefined);
  assert.deepEqual(await resultOf('job-1'), completed);
});

for (const order of ['newest first', 'oldest first'] as const)
  test(`a job after an unusable page of a ${order} list is requested by its id`, async (t) => {
    const { served, resultOf, requestedById } = await startPolling(t, { order, jobs: completedJobs(idsOf(1, 9)) });
    const second = order === 'newest first' ? 'job-6' : 'job-4';
    served.override = ({ query }) =>
      query.get('page[cursor]') === second ? { body: { data: 'another shape' } } : undefined;
    assert.deepEqual(await resultOf(order === 'newest first' ? 'job-1' : 'job-9'), completed);
    assert.equal(requestedById(), 1);
  });

test('next links without a host are followed', async (t) => {
  const { served, resultOf, requestedById } = await startPolling(t, { jobs: completedJobs(idsOf(1, 4)) });
  served.override = ({ path, query }) =>
    path === listPath && !query.has('page[cursor]')
      ? { body: { data: [], links: { next: `${listPath}?page%5Bcursor%5D=job-4` } } }
      : undefined;
  assert.deepEqual(await resultOf('job-2'), completed);
  assert.equal(requestedById(), 0);
});

test("a job's result has its errors with their pointers", async (t) => {
  const jobs = completedJobs(['job-1']);
  const errors = [
    { code: 'invalid', title: 'Invalid', detail: 'no title', source: { pointer: '/data/attributes/items/data/0' } },
    { code: 'invalid', title: 'Only a title' },
  ];
  const { resultOf } = await startPolling(t, { jobs: jobs.map((job) => ({ ...job, errors })) });
  assert.deepEqual(await resultOf('job-1'), {
    outcome: 'completed',
    errors: [
      { code: 'invalid', detail: 'no title', pointer: '/data/attributes/items/data/0' },
      { code: 'invalid', detail: 'Only a title' },
    ],
    unlistedErrors: 0,
  });
});

test('two errors of one record do not hide another record that failed', async (t) => {
  const error = (field: string) => ({
    ...{ code: 'invalid', title: 'Invalid', detail: 'no' },
    source: { pointer: `/data/attributes/items/data/0/attributes/${field}` },
  });
  const [completedJob = assert.fail()] = completedJobs(['job-1']);
  const { resultOf } = await startPolling(t, {
    jobs: [{ ...completedJob, failedCount: 2, errors: [error('url'), error('title')] }],
  });
  const result = await resultOf('job-1');
  assert.equal(result.outcome === 'completed' && result.unlistedErrors, 1);
});

test('a cancelled job has an unknown outcome', async (t) => {
  const { resultOf } = await startPolling(t, {
    jobs: completedJobs(['job-1']).map((job) => ({ ...job, status: 'cancelled' })),
  });
  assert.deepEqual(await resultOf('job-1'), { outcome: 'unknown', reason: 'Klaviyo cancelled the job' });
});

test('a job that has not ended within six hours has an unknown outcome, and others are polled on', async (t) => {
  const { served, waitFor, until, poller } = await startPolling(t, {
    jobs: completedJobs(idsOf(1, 2)).map((each) => ({ ...each, status: 'processing' })),
  });
  const hourMs = 60 * 60_000;
  const overdue = waitFor('job-1');
  const startedAt = performance.now();
  await until(() => performance.now() - startedAt > 5 * hourMs, 60_000);
  const later = waitFor('job-2');
  await until(() => overdue.length > 0, 60_000);
  assert.ok(performance.now() - startedAt >= 6 * hourMs);
  assert.deepEqual(overdue, [{ outcome: 'unknown', reason: 'the job has not ended within six hours' }]);
  assert.equal(poller.inProgress(job), 1);
  for (const each of served.jobs) each.status = 'complete';
  await until(() => later.length > 0);
  assert.deepEqual(later, [completed]);
});

test('jobs are in progress while they are awaited', async (t) => {
  const { poller, waitFor, until } = await startPolling(t, { jobs: completedJobs(idsOf(1, 2)) });
  const results = idsOf(1, 2).map(waitFor);
  assert.equal(poller.inProgress(job), 2);
  await until(() => results.every(({ length }) => length === 1));
  assert.equal(poller.inProgress(job), 0);
});

test('stopping resolves every awaited job as unknown', async (t) => {
  const { waitFor, until, stop, listRequests } = await startPolling(t, {
    jobs: completedJobs(idsOf(1, 2)).map((job) => ({ ...job, status: 'queued' })),
  });
  const results = idsOf(1, 2).map(waitFor);
  await until(() => listRequests() > 1);
  stop();
  await until(() => results.every(({ length }) => length === 1));
  assert.deepEqual(results.flat(), Array(2).fill({ outcome: 'unknown', reason: 'stopped before the job had ended' }));
});

test('an exception while polling rejects every awaited job of the list, and later jobs are polled', async (t) => {
  const { served, client, until } = await startPolling(t, { jobs: completedJobs(idsOf(1, 3)) });
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
  const results: JobResult[] = [];
  void poller.waitFor(job, 'job-3').then((result) => results.push(result));
  await until(() => results.length === 1);
  assert.deepEqual(results, [completed]);
  assert.ok(served.requests.length > 0);
});

test('the state of a job of another process is read', async (t) => {
  const jobs = completedJobs(idsOf(1, 2));
  const { client, served } = await startPolling(t, { jobs });
  const { signal } = new AbortController();
  const stateOf = (id: string) => stateOfJob(client, { endpoint: job.get, id }, signal);
  (jobs[1] ?? assert.fail()).status = 'processing';
  assert.equal(await stateOf('job-1'), 'ended');
  assert.equal(await stateOf('job-2'), 'in-progress');
  assert.equal(await stateOf('job-3'), 'ended', 'not known to Klaviyo');
  served.override = () => ({ status: 503, body: 'down' });
  assert.equal(await stateOf('job-1'), 'unknown');
  served.override = () => errorResponse(401, 'not_authenticated');
  assert.equal(await stateOf('job-2'), 'unknown', 'the key is to be corrected');
  served.override = () => errorResponse(403, 'permission_denied');
  assert.equal(await stateOf('job-2'), 'ended', 'its end cannot be found out');
});

describe('a profile import', () => {
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

  /** Imports with two pages of errors. @returns the result, and how many requests for errors were sent */
  async function runImport(t: TestContext, outages: number, errorStatus = 503) {
    const clock = mockClock(t);
    let requests = 0;
    const client = await serveKlaviyo(t, ({ path, query }) => {
      if (path === importsPath)
        return { body: { data: [{ id: 'job-1', attributes: { status: 'complete', failed_count: 2 } }] } };
      requests += 1;
      if (requests <= outages)
        return errorStatus === 503 ? { status: 503, body: 'down' } : errorResponse(errorStatus, 'not_found');
      if (query.has('page[cursor]')) return { body: { data: [failed('b@example.test')] } };
      const next = `http://klaviyo.test${path}?page%5Bcursor%5D=2`;
      return { body: { data: [failed('a@example.test')], links: { next } } };
    });
    const stop = new AbortController();
    t.after(() => stop.abort());
    const results: JobResult[] = [];
    void createJobPoller(client, stop.signal)
      .waitFor(imports, 'job-1')
      .then((result) => results.push(result));
    await clock.until(() => results.length === 1);
    return { result: results[0], requests };
  }

  const errors = ['a@example.test', 'b@example.test'].map((email) => ({
    code: 'invalid',
    detail: 'no',
    pointer: '/data/attributes/profiles/data/0',
    payload: { email },
  }));

  test('has the errors of all pages', async (t) => {
    assert.deepEqual(await runImport(t, 0), {
      result: { outcome: 'completed', errors, unlistedErrors: 0 },
      requests: 2,
    });
  });

  test('is settled without its errors when Klaviyo never lists them', async (t) => {
    const { result } = await runImport(t, Number.POSITIVE_INFINITY, 404);
    assert.deepEqual(result, { outcome: 'completed', errors: [], unlistedErrors: 2 });
  });

  test('is awaited until its errors can be read', async (t) => {
    assert.deepEqual(await runImport(t, 3), {
      result: { outcome: 'completed', errors, unlistedErrors: 0 },
      requests: 5,
    });
  });
});
