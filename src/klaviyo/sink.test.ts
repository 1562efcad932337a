/** Sink: what a job took is kept once with all of its records, and outlives an outage. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { mockClock, type ServedAnswer, type ServedRequest, serveKlaviyo } from '../../test/fixtures/klaviyo-server.ts';
import type { Receipt, SequencedChange } from './change.ts';
import { createSink, type SinkDeps } from './sink.ts';

/** More than go out in single requests. */
const ids = Array.from({ length: 40 }, (_, index) => `customer-${index}`);

function profile(customerId: string): SequencedChange<string> {
  return {
    type: 'profile',
    customerId,
    profile: { email: `${customerId}@example.test`, external_id: customerId },
    identityConflict: 'email',
    emailFirst: false,
    readSeq: 1,
    origin: customerId,
  };
}

interface World {
  status: 'processing' | 'complete' | 'cancelled';
  answering?: (request: ServedRequest) => ServedAnswer | undefined;
}

async function sinkOf(t: TestContext, world: World, accepted: SinkDeps<string>['accepted']) {
  const clock = mockClock(t);
  let jobs = 0;
  const client = await serveKlaviyo(t, (request) => {
    const answer = world.answering?.(request);
    if (answer) return answer;
    if (request.method === 'POST') {
      if (!request.path.endsWith('-jobs')) return { status: 201 };
      jobs += 1;
      return { status: 202, body: { data: { id: `job-${jobs}` } } };
    }
    const attributes = { status: world.status };
    return { body: { data: Array.from({ length: jobs }, (_, index) => ({ id: `job-${index + 1}`, attributes })) } };
  });
  const sink = createSink({ client, rateLimitShare: 1, accepted });
  t.after(() => sink.close());
  const { signal } = new AbortController();
  return { sink, clock, signal };
}

/** Collects what a promise brings. */
function collect<T>(promises: readonly Promise<T>[]): T[] {
  const collected: T[] = [];
  for (const promise of promises) void promise.then((value) => collected.push(value));
  return collected;
}

function laterOf(receipts: readonly Receipt[]): Promise<Receipt>[] {
  return receipts.map((receipt) => (receipt.outcome === 'delivered' && receipt.later) || assert.fail(receipt.outcome));
}

test('a job is kept once, with all of its records, before their callers are answered', async (t) => {
  const kept: { id: string; abouts: string[] }[] = [];
  const stored = Promise.withResolvers<void>();
  const world: World = { status: 'processing' };
  const { sink, clock, signal } = await sinkOf(t, world, (job, abouts) => {
    kept.push({ id: job.id, abouts: [...abouts] });
    return stored.promise;
  });
  const answers = collect([sink.send(ids.map(profile), { lane: 'realtime', signal })]);
  await clock.until(() => kept.length > 0);
  await turn();
  assert.equal(answers.length, 0);
  assert.deepEqual(kept, [{ id: 'job-1', abouts: ids }]);
  stored.resolve();
  await clock.until(() => answers.length > 0);
  const last = collect(laterOf(answers.flat()));
  world.status = 'complete';
  await clock.until(() => last.length === ids.length);
  assert.ok(last.every(({ outcome }) => outcome === 'delivered'));
  assert.equal(kept.length, 1);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

test('callers wait for the end of a job that could not be kept', async (t) => {
  const world: World = { status: 'processing' };
  let tried = 0;
  const { sink, clock, signal } = await sinkOf(t, world, () => {
    tried += 1;
    return Promise.reject(new Error('the store is away'));
  });
  const answers = collect([sink.send(ids.map(profile), { lane: 'realtime', signal })]);
  await clock.until(() => tried > 0);
  await turn();
  assert.equal(answers.length, 0);
  world.status = 'complete';
  await clock.until(() => answers.length > 0);
  assert.deepEqual(answers.flat(), Array(ids.length).fill({ outcome: 'delivered' }));
});

test('a bulk run waits for the end of a job, and nothing is kept of it', async (t) => {
  const world: World = { status: 'complete' };
  const { sink, clock, signal } = await sinkOf(t, world, () => assert.fail('kept'));
  const answers = collect([sink.send(ids.map(profile), { lane: 'bulk', signal })]);
  await clock.until(() => answers.length > 0);
  assert.deepEqual(answers.flat(), Array(ids.length).fill({ outcome: 'delivered' }));
});

test('what a job took outlasts an outage of 16 minutes', async (t) => {
  const world: World = { status: 'cancelled' };
  const { sink, clock, signal } = await sinkOf(t, world, () => Promise.resolve());
  const answers = collect([sink.send(ids.map(profile), { lane: 'realtime', signal })]);
  await clock.until(() => answers.length > 0);
  const last = collect(laterOf(answers.flat()));
  const overAt = performance.now() + 16 * 60_000;
  world.answering = () => {
    if (performance.now() < overAt) return { status: 503, body: 'down' };
    world.status = 'complete';
    return undefined;
  };
  await clock.until(() => last.length === ids.length, 200);
  assert.deepEqual(last, Array(ids.length).fill({ outcome: 'delivered' }));
});

test('an exception on the way is a failed receipt', async (t) => {
  const { sink, clock, signal } = await sinkOf(t, { status: 'complete' }, () => Promise.resolve());
  const broken = profile('customer-1');
  Object.defineProperty(broken, 'profile', {
    get() {
      throw new Error('a bug');
    },
  });
  const answers = collect([sink.send([broken, profile('customer-2')], { lane: 'realtime', signal })]);
  await clock.until(() => answers.length > 0);
  assert.deepEqual(
    answers.flat().map(({ outcome }) => outcome),
    ['failed', 'delivered'],
  );
});
