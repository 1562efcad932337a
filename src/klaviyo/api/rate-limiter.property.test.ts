/** Rate limiter: no window is ever exceeded, whatever the order of requests and answers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type EndpointName, endpoints } from './endpoints.ts';
import { createRateLimiter, type Lane, type RateLimiterSettings } from './rate-limiter.ts';

const secondMs = 1_000;
const minuteMs = 60_000;

interface Sent {
  at: number;
  lane: Lane;
}

/** What happens next: time passes, a lane asks as often as it may, the oldest or newest request is answered. */
type Step =
  | { type: 'wait'; ms: number }
  | { type: 'send'; lane: Lane; times: number }
  | { type: 'answer'; newest: boolean; answer: 'none' | 'plain' | 'headers' | 'too many'; retryAfterMs: number }
  | { type: 'others'; count: number };

const lane = fc.constantFrom<Lane>('realtime', 'bulk');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('wait'),
    ms: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40_000 })),
  }),
  fc.record({ type: fc.constant('send'), lane, times: fc.integer({ min: 1, max: 200 }) }),
  fc.record({
    type: fc.constant('answer'),
    newest: fc.boolean(),
    answer: fc.constantFrom('none', 'plain', 'headers', 'too many'),
    retryAfterMs: fc.integer({ min: 1, max: 20_000 }),
  }),
  fc.record({ type: fc.constant('others'), count: fc.integer({ min: 1, max: 60 }) }),
);
const settings = fc.record({
  rateLimitShare: fc.constantFrom(0.05, 0.5, 0.95, 1),
  realtimeReserve: fc.constantFrom(0, 0.3, 0.9),
  scale: fc.constantFrom(0.1, 1, 3),
});
const endpoint = fc.constantFrom<EndpointName>(
  'createEvent',
  'createEvents',
  'importProfile',
  'listFlows',
  'getAccounts',
);

/**
 * Plays the steps against a server that counts in fixed minutes, others' requests among ours, and tells what is left.
 * @param check is called for each request that goes out, and between steps
 */
function play(name: EndpointName, { settings, steps }: { settings: RateLimiterSettings; steps: readonly Step[] }) {
  const published = endpoints[name].perMinute * (settings.scale ?? 1);
  const sent: Sent[] = [];
  const open: Sent[] = [];
  let at = 0;
  let blockedUntil = 0;
  let counted = { minute: 0, requests: 0 };
  const throttle = createRateLimiter(settings, () => at);

  function count(requests: number): void {
    const minute = Math.floor(at / minuteMs);
    counted = { minute, requests: (counted.minute === minute ? counted.requests : 0) + requests };
  }

  function send(by: Lane, times: number): void {
    for (let tried = 0; tried < times; tried += 1) {
      const waitMs = throttle.tryAcquire(name, by);
      assert.ok(Number.isFinite(waitMs) && waitMs >= 0);
      if (waitMs > 0) return;
      assert.ok(at >= blockedUntil, 'nothing goes out before Retry-After has passed');
      sent.push({ at, lane: by });
      open.push({ at, lane: by });
      count(1);
    }
  }

  function answer({ newest, answer: kind, retryAfterMs }: Extract<Step, { type: 'answer' }>): void {
    if ((newest ? open.pop() : open.shift()) === undefined) return;
    if (kind === 'none') {
      throttle.onResponse(name);
      return;
    }
    if (kind === 'too many') {
      blockedUntil = Math.max(blockedUntil, at + retryAfterMs);
      throttle.onResponse(name, { status: 429, headers: { retryAfterMs } });
      return;
    }
    count(0);
    const remaining = Math.max(0, Math.floor(published - counted.requests));
    const resetMs = Math.ceil((minuteMs - (at % minuteMs)) / secondMs) * secondMs;
    throttle.onResponse(name, { status: 202, headers: kind === 'headers' ? { remaining, resetMs } : {} });
  }

  for (const next of steps) {
    if (next.type === 'wait') at += next.ms;
    else if (next.type === 'send') send(next.lane, next.times);
    else if (next.type === 'answer') answer(next);
    else count(next.count);
  }
  return { sent, throttle, at: () => at, wait: (ms: number) => (at += ms) };
}

/** The most that ever lies in one window of this length. */
function maxWithin(sent: readonly Sent[], spanMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, { at }] of sent.entries()) {
    while ((sent[first]?.at ?? 0) <= at - spanMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

const scenario = fc.tuple(
  endpoint,
  fc.record({ settings, steps: fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }) }),
);

describe('whatever the order of requests and answers', () => {
  test('no second and no minute holds more than the share of the published limit', () => {
    fc.assert(
      fc.property(scenario, ([name, world]) => {
        const { sent } = play(name, world);
        const { rateLimitShare, scale = 1 } = world.settings;
        const { perSecond, perMinute } = endpoints[name];
        assert.ok(maxWithin(sent, secondMs) <= Math.max(1, Math.floor(perSecond * scale * rateLimitShare)), 'a second');
        assert.ok(maxWithin(sent, minuteMs) <= Math.max(1, Math.floor(perMinute * scale * rateLimitShare)), 'a minute');
      }),
      { numRuns: 300 },
    );
  });

  test('a lane that takes every turn it can get exceeds no window, after a quiet time or not', () => {
    fc.assert(
      fc.property(endpoint, settings, lane, fc.integer({ min: 0, max: 90_000 }), (name, own, by, quietMs) => {
        const waits = Array.from({ length: 3_000 }, (): Step => ({ type: 'wait', ms: 50 }));
        const steps = waits.flatMap((wait): Step[] => [wait, { type: 'send', lane: by, times: 400 }]);
        const { sent } = play(name, { settings: own, steps: [{ type: 'wait', ms: quietMs + 1 }, ...steps] });
        const { perSecond, perMinute } = endpoints[name];
        const { scale, rateLimitShare } = own;
        assert.ok(maxWithin(sent, secondMs) <= Math.max(1, Math.floor(perSecond * scale * rateLimitShare)), 'a second');
        assert.ok(maxWithin(sent, minuteMs) <= Math.max(1, Math.floor(perMinute * scale * rateLimitShare)), 'a minute');
      }),
      { numRuns: 20 },
    );
  });

  test('bulk leaves realtime its reserve of every minute in which realtime is active', () => {
    fc.assert(
      fc.property(scenario, ([name, world]) => {
        const { sent } = play(name, world);
        const { rateLimitShare, realtimeReserve, scale = 1 } = world.settings;
        const minute = Math.max(1, Math.floor(endpoints[name].perMinute * scale * rateLimitShare));
        const unreserved = Math.max(1, Math.floor(minute * (1 - realtimeReserve)));
        for (const [index, { at, lane: by }] of sent.entries()) {
          const before = sent.slice(0, index + 1).filter((one) => one.at > at - minuteMs);
          if (by === 'bulk' && before.some((one) => one.lane === 'realtime'))
            assert.ok(before.length <= unreserved, `${before.length} of ${unreserved}`);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('every lane gets a turn again in the end', () => {
    fc.assert(
      fc.property(scenario, lane, ([name, world], by) => {
        const { throttle, wait } = play(name, world);
        let waited = 0;
        for (let waitMs = throttle.tryAcquire(name, by); waitMs > 0; waitMs = throttle.tryAcquire(name, by)) {
          wait(waitMs);
          waited += waitMs;
          assert.ok(waited < 5 * minuteMs, 'within five minutes');
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('the published minute is never overspent when every request is answered with what is left', () => {
  fc.assert(
    fc.property(
      endpoint,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), lane), { minLength: 20, maxLength: 150, size: 'max' }),
      (name, asks) => {
        const steps = asks.flatMap(([ms, by]): Step[] => [
          { type: 'wait', ms },
          { type: 'send', lane: by, times: 1 },
          { type: 'answer', newest: false, answer: 'headers', retryAfterMs: 0 },
        ]);
        const spent: Step[] = [{ type: 'others', count: endpoints[name].perMinute - 2 }];
        const { sent } = play(name, {
          settings: { rateLimitShare: 1, realtimeReserve: 0 },
          steps: [...spent, ...steps],
        });
        const firstMinute = sent.filter(({ at }) => at < minuteMs);
        // The first answer tells that others spent all but two; only the request before it could not know.
        assert.ok(firstMinute.length <= 2, String(firstMinute.length));
      },
    ),
  );
});

test('requests in flight count against what Klaviyo says is left', () => {
  const throttle = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
  for (let count = 0; count < 3; count += 1) assert.equal(throttle.tryAcquire('createEvents', 'realtime'), 0);
  throttle.onResponse('createEvents', { status: 202, headers: { remaining: 2, resetMs: 30_000 } });
  assert.equal(throttle.tryAcquire('createEvents', 'realtime'), 30_000);
});

test('a request that was never answered is not in flight any more', () => {
  const throttle = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
  for (let count = 0; count < 3; count += 1) assert.equal(throttle.tryAcquire('createEvents', 'realtime'), 0);
  for (let count = 0; count < 2; count += 1) throttle.onResponse('createEvents');
  throttle.onResponse('createEvents', { status: 202, headers: { remaining: 2, resetMs: 30_000 } });
  assert.notEqual(throttle.tryAcquire('createEvents', 'realtime'), 30_000);
});

describe('waiting for a turn', () => {
  test('realtime is told at once when it would wait for more than five seconds', async () => {
    const throttle = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
    throttle.tryAcquire('createEvents', 'realtime');
    throttle.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 6_000 } });
    const { signal } = new AbortController();
    assert.deepEqual(await throttle.acquire('createEvents', 'realtime', signal), { go: false, waitMs: 6_000 });
    assert.deepEqual(await throttle.acquire('createEvents', 'bulk', signal), { go: false, waitMs: 6_000 });
  });

  test('an aborted signal ends the waiting', async () => {
    const throttle = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
    throttle.tryAcquire('createEvents', 'realtime');
    throttle.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 4_000 } });
    const stop = new AbortController();
    const waiting = throttle.acquire('createEvents', 'realtime', stop.signal);
    stop.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });
});

test('usage is told against the limit of the account, and what is left only within its minute', () => {
  let at = 0;
  const throttle = createRateLimiter({ rateLimitShare: 0.5, realtimeReserve: 0, scale: 2 }, () => at);
  throttle.tryAcquire('createEvents', 'realtime');
  throttle.onResponse('createEvents', { status: 202, headers: { remaining: 299, resetMs: 30_000 } });
  const used = { endpoint: 'createEvents', sentLastMinute: 1, perMinute: 300 };
  assert.deepEqual(throttle.usage(), [{ ...used, remaining: 299 }]);
  at = 31_000;
  assert.deepEqual(throttle.usage(), [used]);
});
