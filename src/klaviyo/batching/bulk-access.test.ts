/** Tests that every event is recorded once, however Klaviyo treats bulk bodies that repeat events. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import {
  mockClock,
  type ServedRequest,
  type ServedResponse,
  serveKlaviyo,
} from '../../../test/fixtures/klaviyo-server.ts';
import type { ApiResult } from '../api/client.ts';
import { createBatcherRegistry } from './batcher.ts';
import type { RepeatedEvents } from './bulk-access.ts';
import type { BatchItem } from './bulk-body.ts';
import { createJobPoller } from './job-poller.ts';

type Treatment = 'ignored' | 'rejected, naming all' | 'rejected, naming one' | 'lost';

const single = z.object({ data: z.object({ attributes: z.object({ unique_id: z.string() }) }) });
const bulk = z.object({
  data: z.object({
    attributes: z.object({
      'events-bulk-create': z.object({
        data: z.array(
          z.object({
            attributes: z.object({
              events: z.object({ data: z.array(z.object({ attributes: z.object({ unique_id: z.string() }) })) }),
            }),
          }),
        ),
      }),
    }),
  }),
});

interface Setup {
  treatment: Treatment;
  known?: RepeatedEvents;
  missingScope?: boolean;
  /** Whether Klaviyo can't list events now. */
  isListingDown?(counts: { single: number; bulk: number }): boolean;
  /** Whether Klaviyo rejects a bulk body without saying which event it is about. */
  rejectsBody?(body: number): boolean;
  /** Whether Klaviyo has recorded an event and lists it already; absent: at once. */
  isListed?(id: string, counts: { single: number }): boolean;
  /** What becomes of a single request; absent: its event is recorded at once. `late`: after the next body. */
  single?(counts: { bulk: number }): 'recorded' | 'late' | 'down';
}

/** Of the events that are written. */
const time = '2025-03-01T08:00:00.000Z';

/** Klaviyo with this treatment, and a writer of events with the ids. */
async function start(t: TestContext, setup: Setup) {
  const { treatment, known, missingScope = false, isListingDown = () => false, rejectsBody = () => false } = setup;
  const { isListed = () => true, single: fateOf = () => 'recorded' } = setup;
  const clock = mockClock(t);
  const recorded: string[] = [];
  /** When recorded events happened; absent: as they are written here. */
  const times = new Map<string, string>();
  const counts = { single: 0, bulk: 0 };
  const warnings: string[] = [];
  const released: string[] = [];
  const late: string[] = [];
  let finding = known;

  function record(ids: readonly string[]): void {
    recorded.push(...ids.filter((id) => !recorded.includes(id)));
  }

  function bulkResponse(request: ServedRequest): ServedResponse {
    counts.bulk += 1;
    if (rejectsBody(counts.bulk)) return { status: 400, body: { errors: [{ code: 'invalid', detail: 'no' }] } };
    const events = bulk
      .parse(JSON.parse(request.body))
      .data.attributes['events-bulk-create'].data.flatMap(({ attributes }, group) =>
        attributes.events.data.map(({ attributes: { unique_id: id } }, within) => ({
          id,
          pointer: `/data/attributes/events-bulk-create/data/${group}/attributes/events/data/${within}/attributes/unique_id`,
        })),
      );
    const repeated = events.filter(({ id }) => recorded.includes(id));
    if (repeated.length > 0 && treatment.startsWith('rejected')) {
      const named = treatment.endsWith('one') ? repeated.slice(0, 1) : repeated;
      const errors = named.map(({ pointer }) => ({ code: 'invalid', detail: 'repeated', source: { pointer } }));
      return { status: 400, body: { errors } };
    }
    if (repeated.length === 0 || treatment === 'ignored') record(events.map(({ id }) => id));
    record(late.splice(0));
    return { status: 202, body: '' };
  }

  function singleResponse(request: ServedRequest): ServedResponse {
    const fate = fateOf(counts);
    if (fate === 'down') return { status: 503, body: 'down' };
    counts.single += 1;
    const { unique_id: id } = single.parse(JSON.parse(request.body)).data.attributes;
    if (fate === 'late') late.push(id);
    else record([id]);
    return { status: 202, body: '' };
  }

  function listedEvents(filter: string) {
    const [, from = '', to = '9'] = /equal\(datetime,(.+?)\),less-or-equal\(datetime,(.+?)\)/.exec(filter) ?? [];
    const [, profile] = /equals\(profile_id,"(.+?)"\)/.exec(filter) ?? [];
    const isWithin = (at: string) => from <= at && at <= to;
    return recorded
      .filter((id) => isListed(id, counts) && isWithin(times.get(id) ?? time))
      .filter((id) => profile === undefined || profile === `profile-of-${id}`)
      .map((id) => ({ attributes: { event_properties: { $event_id: id } } }));
  }

  const client = await serveKlaviyo(t, (request) => {
    if (missingScope && request.method === 'GET')
      return {
        status: 403,
        body: { errors: [{ code: 'permission_denied', detail: 'no', source: { pointer: '/data/' } }] },
      };
    if (request.method === 'GET' && isListingDown(counts)) return { status: 503, body: 'down' };
    if (request.path === '/api/metrics')
      return { body: { data: recorded.length === 0 ? [] : [{ id: 'M', attributes: { name: 'Placed Order' } }] } };
    const filter = request.query.get('filter') ?? '';
    if (request.path === '/api/profiles') {
      const data = recorded
        .filter((id) => filter.includes(`"${id}"`))
        .map((id) => ({ id: `profile-of-${id}`, attributes: { external_id: id } }));
      return { body: { data } };
    }
    if (request.method === 'GET') return { body: { data: listedEvents(filter) } };
    if (request.path === '/api/event-bulk-create-jobs') return bulkResponse(request);
    return singleResponse(request);
  });
  let isBroken = false;
  const pages: typeof client.pages = (call) => {
    if (isBroken) throw new Error('a bug');
    return client.pages(call);
  };
  const stop = new AbortController();
  t.after(() => stop.abort());
  const batchers = createBatcherRegistry({
    ...{
      client: { ...client, pages, releaseToken: (endpoint) => void released.push(endpoint) },
      jobs: createJobPoller(client, stop.signal),
      rateLimitShare: 1,
      signal: stop.signal,
    },
    maxListingMs: 180_000,
    onWarning: (detail) => warnings.push(detail),
    repeatedEvents: {
      read: () => Promise.resolve(finding),
      write: (value) => {
        finding = value;
        return Promise.resolve();
      },
    },
  });

  return {
    ...{ recorded, times, counts, warnings, released },
    finding: () => finding,
    /** Makes each lookup throw until the returned function is called. */
    breakLookups() {
      isBroken = true;
      return () => {
        isBroken = false;
      };
    },
    /** Writes events as a sync does, until each has a result. */
    async sync(ids: readonly string[]): Promise<ApiResult[]> {
      const results: ApiResult[] = [];
      const failed: unknown[] = [];
      for (const id of ids)
        void batchers.write('event', eventOf(id), { lane: 'bulk', deadline: { aborted: false } }).then(
          (result) => results.push(result),
          (thrown: unknown) => failed.push(thrown),
        );
      await clock.until(() => results.length + failed.length === ids.length, 100);
      if (failed.length > 0) throw failed[0];
      return results;
    },
  };
}

function eventOf(id: string): BatchItem {
  const metric = { data: { type: 'metric', attributes: { name: 'Placed Order' } } };
  const attributes = { metric, unique_id: id, time };
  const text = JSON.stringify({ type: 'event', attributes });
  const profile = { data: { type: 'profile', attributes: { external_id: id } } };
  return {
    ...{ text: () => text, bytes: Buffer.byteLength(text) },
    group: `{"type":"event-bulk-create","attributes":{"profile":${JSON.stringify(profile)},`,
    singleBody: () => JSON.stringify({ data: { type: 'event', attributes: { ...attributes, profile } } }),
  };
}

const idsOf = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `event-${from + index}`);
const isOk = ({ ok }: ApiResult) => ok;

const findings: Record<Treatment, RepeatedEvents> = {
  ignored: 'ignored',
  'rejected, naming all': 'rejected',
  'rejected, naming one': 'rejected',
  lost: 'lost',
};

for (const [treatment, expected] of Object.entries(findings)) {
  const isTreatment = (text: string): text is Treatment => text in findings;
  if (!isTreatment(treatment)) continue;
  describe(`a body with repeated events is ${treatment}`, () => {
    test('every event is recorded, also by a second sync with new ones, and it is remembered', async (t) => {
      const { sync, recorded, finding } = await start(t, { treatment });
      assert.ok((await sync(idsOf(0, 100))).every(isOk));
      assert.deepEqual(recorded.toSorted(), idsOf(0, 100).toSorted());
      assert.ok((await sync(idsOf(50, 150))).every(isOk));
      assert.deepEqual(recorded.toSorted(), idsOf(0, 150).toSorted());
      assert.equal(finding(), expected);
    });

    test('every event is recorded when the treatment is known', async (t) => {
      const { sync, recorded } = await start(t, { treatment, known: expected });
      await sync(idsOf(0, 100));
      await sync(idsOf(50, 150));
      assert.deepEqual(recorded.toSorted(), idsOf(0, 150).toSorted());
    });
  });
}

test('once it is known that repeated events are ignored, bodies are not verified', async (t) => {
  const { sync, counts } = await start(t, { treatment: 'ignored', known: 'ignored' });
  await sync(idsOf(0, 500));
  assert.deepEqual(counts, { single: 0, bulk: 1 });
});

test('two answers that name one of many repeated events are enough: the rest is sent singly', async (t) => {
  const { sync, counts } = await start(t, { treatment: 'rejected, naming one', known: 'rejected' });
  await sync(idsOf(0, 100));
  await sync(idsOf(0, 100));
  assert.ok(counts.bulk <= 3, String(counts.bulk));
});

test('an exception while a body is verified fails its events only, and later ones are sent', async (t) => {
  const { sync, recorded, breakLookups } = await start(t, { treatment: 'ignored' });
  const repair = breakLookups();
  await assert.rejects(sync(idsOf(0, 20)), /a bug/);
  repair();
  assert.ok((await sync(idsOf(20, 40))).every(isOk));
  assert.ok(idsOf(20, 40).every((id) => recorded.includes(id)));
});

test('a body without a new event is sent singly, once, and a later body is verified', async (t) => {
  const { sync, recorded, counts, finding } = await start(t, { treatment: 'lost' });
  recorded.push(...idsOf(0, 100));
  assert.ok((await sync(idsOf(0, 100))).every(isOk));
  assert.deepEqual(counts, { single: 100, bulk: 0 });
  await sync(idsOf(100, 200));
  await sync(idsOf(150, 250));
  assert.equal(finding(), 'lost');
  assert.deepEqual(recorded.toSorted(), idsOf(0, 250).toSorted());
});

test('events that Klaviyo has recorded at another time are not taken for new ones', async (t) => {
  const { sync, recorded, times, counts, finding } = await start(t, { treatment: 'lost' });
  recorded.push(...idsOf(0, 100));
  for (const id of recorded) times.set(id, '2025-02-28T08:00:00.000Z');
  assert.ok((await sync(idsOf(0, 100))).every(isOk));
  assert.deepEqual(counts, { single: 100, bulk: 0 });
  assert.equal(finding(), undefined);
});

test('an event that realtime recorded a moment ago, and that is listed late, is not taken for a new one', async (t) => {
  const { sync, recorded, counts, finding } = await start(t, {
    treatment: 'lost',
    isListed: (id, { single: sent }) => sent > 0 || !idsOf(1, 100).includes(id),
  });
  recorded.push(...idsOf(1, 100));
  assert.ok((await sync(idsOf(0, 100))).every(isOk));
  assert.deepEqual([counts.bulk, finding()], [0, undefined]);
  assert.ok((await sync(idsOf(50, 150))).every(isOk));
  assert.deepEqual(recorded.toSorted(), idsOf(0, 150).toSorted());
});

describe('a body that repeats no event, as the one that was sent alone is not recorded yet, shows nothing', () => {
  test('as it could not be sent', async (t) => {
    let isDown = true;
    const { sync, recorded, finding } = await start(t, {
      treatment: 'lost',
      single: () => (isDown ? 'down' : 'recorded'),
    });
    await sync(idsOf(0, 50));
    assert.equal(finding(), undefined);
    isDown = false;
    await sync(idsOf(0, 50));
    await sync(idsOf(20, 70));
    assert.deepEqual(recorded.toSorted(), idsOf(0, 70).toSorted());
    assert.equal(finding(), 'lost');
  });

  test('as Klaviyo processes it later', async (t) => {
    let isLate = true;
    const { sync, counts, finding } = await start(t, {
      treatment: 'lost',
      single: () => (isLate ? 'late' : 'recorded'),
    });
    await sync(idsOf(0, 50));
    assert.deepEqual([finding(), counts.bulk], [undefined, 0]);
    isLate = false;
    await sync(idsOf(50, 100));
    await sync(idsOf(80, 130));
    assert.equal(finding(), 'lost');
  });
});

test('without the scopes to verify a body, events are sent singly, and a warning says so', async (t) => {
  const { sync, counts, warnings, finding } = await start(t, { treatment: 'lost', missingScope: true });
  assert.ok((await sync(idsOf(0, 50))).every(isOk));
  await sync(idsOf(20, 70));
  assert.equal(counts.bulk, 0);
  assert.equal(finding(), undefined);
  assert.match(warnings.join(), /events:read/);
});

test('while events cannot be listed they are sent singly without a warning, and a later body is verified', async (t) => {
  let isDown = true;
  const { sync, counts, warnings, finding } = await start(t, { treatment: 'ignored', isListingDown: () => isDown });
  assert.ok((await sync(idsOf(0, 50))).every(isOk));
  assert.deepEqual([counts.bulk, warnings], [0, []]);
  isDown = false;
  await sync(idsOf(50, 100));
  assert.equal(finding(), 'ignored');
});

test('a body whose events cannot be listed in time is sent singly, and is not taken for lost', async (t) => {
  const { sync, recorded, finding } = await start(t, {
    treatment: 'ignored',
    // From the first body until its events were sent singly.
    isListingDown: ({ single, bulk: bodies }) => bodies > 0 && single < 100,
  });
  assert.ok((await sync(idsOf(0, 100))).every(isOk));
  assert.deepEqual(recorded.toSorted(), idsOf(0, 100).toSorted());
  await sync(idsOf(100, 200));
  assert.equal(finding(), 'ignored');
});

test('no part of a rejected body is sent in bulk while another part is verified', async (t) => {
  const { sync, recorded } = await start(t, { treatment: 'lost', rejectsBody: (body) => body === 1 });
  // Recorded before: a body with one of them is lost.
  recorded.push('event-30');
  assert.ok((await sync(idsOf(0, 40))).every(isOk));
  assert.deepEqual(recorded.toSorted(), idsOf(0, 40).toSorted());
});

test('the token of a body that is sent singly is released', async (t) => {
  const { sync, recorded, released } = await start(t, { treatment: 'ignored' });
  recorded.push(...idsOf(0, 100));
  await sync(idsOf(0, 100));
  assert.deepEqual(released, ['createEvents']);
});
