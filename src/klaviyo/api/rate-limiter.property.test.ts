/** Tests that no window is ever exceeded, whatever the order of requests and responses. */
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

/** Time passes, a lane sends as often as it may, the oldest or newest request is answered, or another client sends. */
type Step =
  | { type: 'wait'; ms: number }
  | { type: 'send'; lane: Lane; times: number }
  | { type: 'respond'; newest: boolean; response: 'none' | 'plain' | 'headers' | 'too many'; retryAfterMs: number }
  | { type: 'external use'; count: number };

const lane = fc.constantFrom<Lane>('realtime', 'bulk');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('wait'),
    ms: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40_000 })),
  }),
  fc.record({ type: fc.constant('send'), lane, times: fc.integer({ min: 1, max: 200 }) }),
  fc.record({
    type: fc.constant('respond'),
    newest: fc.boolean(),
    response: fc.constantFrom('none', 'plain', 'headers', 'too many'),
    retryAfterMs: fc.integer({ min: 1, max: 20_000 }),
  }),
  fc.record({ type: fc.constant('external use'), count: fc.integer({ min: 1, max: 60 }) }),
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

/** Runs the steps against a server that counts all clients' requests in fixed minutes and returns what remains. */
function simulate(name: EndpointName, { settings, steps }: { settings: RateLimiterSettings; steps: readonly Step[] }) {
  const published = endpoints[name].perMinute * (settings.scale ?? 1);
  const sent: Sent[] = [];
  const unanswered: Sent[] = [];
  let at = 0;
  let blockedUntil = 0;
  let serverWindow = { minute: 0, requests: 0 };
  const rateLimiter = createRateLimiter(settings, () => at);

  function count(requests: number): void {
    const minute = Math.floor(at / minuteMs);
    serverWindow = { minute, requests: (serverWindow.minute === minute ? serverWindow.requests : 0) + requests };
  }

  function send(lane: Lane, times: number): void {
    for (let attempt = 0; attempt < times; attempt += 1) {
      const waitMs = rateLimiter.tryAcquire(name, lane);
      assert.ok(Number.isFinite(waitMs) && waitMs >= 0);
      if (waitMs > 0) return;
      assert.ok(at >= blockedUntil, 'no request before Retry-After has passed');
      sent.push({ at, lane });
      unanswered.push({ at, lane });
      count(1);
    }
  }

  function respond({ newest, response, retryAfterMs }: Extract<Step, { type: 'respond' }>): void {
    if ((newest ? unanswered.pop() : unanswered.shift()) === undefined) return;
    if (response === 'none') {
      rateLimiter.onResponse(name);
      return;
    }
    if (response === 'too many') {
      blockedUntil = Math.max(blockedUntil, at + retryAfterMs);
      rateLimiter.onResponse(name, { status: 429, headers: { retryAfterMs } });
      return;
    }
    count(0);
    const remaining = Math.max(0, Math.floor(published - serverWindow.requests));
    const resetMs = Math.ceil((minuteMs - (at % minuteMs)) / secondMs) * secondMs;
    rateLimiter.onResponse(name, { status: 202, headers: response === 'headers' ? { remaining, resetMs } : {} });
  }

  for (const next of steps) {
    if (next.type === 'wait') at += next.ms;
    else if (next.type === 'send') send(next.lane, next.times);
    else if (next.type === 'respond') respond(next);
    else count(next.count);
  }
  return { sent, rateLimiter, wait: (ms: number) => (at += ms) };
}

/** @returns the highest number of requests in a window of this length */
function maxWithin(sent: readonly Sent[], spanMs: number): number {
  let max = 0;
  let first = 0;
  for (const [index, { at }] of sent.entries()) {
    while ((sent[first]?.at ?? 0) <= at - spanMs) first += 1;
    max = Math.max(max, index - first + 1);
  }
  return max;
}

const scenario = fc.tuple(
  endpoint,
  fc.record({ settings, steps: fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }) }),
);

describe('whatever the order of requests and responses', () => {
  test('no second and no minute holds more than the share of the published limit', () => {
    fc.assert(
      fc.property(scenario, ([name, plan]) => {
        const { sent } = simulate(name, plan);
        const { rateLimitShare, scale = 1 } = plan.settings;
        const { perSecond, perMinute } = endpoints[name];
        assert.ok(maxWithin(sent, secondMs) <= Math.max(1, Math.floor(perSecond * scale * rateLimitShare)), 'a second');
        assert.ok(maxWithin(sent, minuteMs) <= Math.max(1, Math.floor(perMinute * scale * rateLimitShare)), 'a minute');
      }),
      { numRuns: 300 },
    );
  });

  test('a lane that uses every token exceeds no window, after a quiet time or not', () => {
    fc.assert(
      fc.property(endpoint, settings, lane, fc.integer({ min: 0, max: 90_000 }), (name, settings, lane, quietMs) => {
        const waits = Array.from({ length: 3_000 }, (): Step => ({ type: 'wait', ms: 50 }));
        const steps = waits.flatMap((wait): Step[] => [wait, { type: 'send', lane, times: 400 }]);
        const { sent } = simulate(name, { settings, steps: [{ type: 'wait', ms: quietMs + 1 }, ...steps] });
        const { perSecond, perMinute } = endpoints[name];
        const { scale, rateLimitShare } = settings;
        assert.ok(maxWithin(sent, secondMs) <= Math.max(1, Math.floor(perSecond * scale * rateLimitShare)), 'a second');
        assert.ok(maxWithin(sent, minuteMs) <= Math.max(1, Math.floor(perMinute * scale * rateLimitShare)), 'a minute');
      }),
      { numRuns: 20 },
    );
  });

  test('bulk leaves realtime its reserve of every minute in which realtime is active', () => {
    fc.assert(
      fc.property(scenario, ([name, plan]) => {
        const { sent } = simulate(name, plan);
        const { rateLimitShare, realtimeReserve, scale = 1 } = plan.settings;
        const minute = Math.max(1, Math.floor(endpoints[name].perMinute * scale * rateLimitShare));
        const unreserved = Math.max(1, Math.floor(minute * (1 - realtimeReserve)));
        for (const [index, { at, lane }] of sent.entries()) {
          const lastMinute = sent.slice(0, index + 1).filter((request) => request.at > at - minuteMs);
          if (lane === 'bulk' && lastMinute.some((request) => request.lane === 'realtime'))
            assert.ok(lastMinute.length <= unreserved, `${lastMinute.length} of ${unreserved}`);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('every lane gets a token within five minutes', () => {
    fc.assert(
      fc.property(scenario, lane, ([name, plan], lane) => {
        const { rateLimiter, wait } = simulate(name, plan);
        let waited = 0;
        for (let waitMs = rateLimiter.tryAcquire(name, lane); waitMs > 0; waitMs = rateLimiter.tryAcquire(name, lane)) {
          wait(waitMs);
          waited += waitMs;
          assert.ok(waited < 5 * minuteMs, 'within five minutes');
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('the published limit is not exceeded when every response has the remaining requests', () => {
  fc.assert(
    fc.property(
      endpoint,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), lane), { minLength: 20, maxLength: 150, size: 'max' }),
      (name, requests) => {
        const steps = requests.flatMap(([ms, lane]): Step[] => [
          { type: 'wait', ms },
          { type: 'send', lane, times: 1 },
          { type: 'respond', newest: false, response: 'headers', retryAfterMs: 0 },
        ]);
        const externalUse: Step[] = [{ type: 'external use', count: endpoints[name].perMinute - 2 }];
        const { sent } = simulate(name, {
          settings: { rateLimitShare: 1, realtimeReserve: 0 },
          steps: [...externalUse, ...steps],
        });
        const firstMinute = sent.filter(({ at }) => at < minuteMs);
        // Other clients have used all but two. Only the request before the first response can't know.
        assert.ok(firstMinute.length <= 2, String(firstMinute.length));
      },
    ),
  );
});

test('requests in flight count against the remaining requests of the headers', () => {
  const rateLimiter = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
  for (let count = 0; count < 3; count += 1) assert.equal(rateLimiter.tryAcquire('createEvents', 'realtime'), 0);
  rateLimiter.onResponse('createEvents', { status: 202, headers: { remaining: 2, resetMs: 30_000 } });
  assert.equal(rateLimiter.tryAcquire('createEvents', 'realtime'), 30_000);
});

test('a request without a response is no longer in flight', () => {
  const rateLimiter = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
  for (let count = 0; count < 3; count += 1) assert.equal(rateLimiter.tryAcquire('createEvents', 'realtime'), 0);
  for (let count = 0; count < 2; count += 1) rateLimiter.onResponse('createEvents');
  rateLimiter.onResponse('createEvents', { status: 202, headers: { remaining: 2, resetMs: 30_000 } });
  assert.notEqual(rateLimiter.tryAcquire('createEvents', 'realtime'), 30_000);
});

describe('waiting for a token', () => {
  test('a wait of more than five seconds that a response requires is returned at once', async () => {
    const rateLimiter = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
    rateLimiter.tryAcquire('createEvents', 'realtime');
    rateLimiter.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 6_000 } });
    const { signal } = new AbortController();
    assert.equal(await rateLimiter.acquire('createEvents', 'realtime', signal), 6_000);
    assert.equal(await rateLimiter.acquire('createEvents', 'bulk', signal), 6_000);
  });

  test('an aborted signal rejects the wait', async () => {
    const rateLimiter = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => 0);
    rateLimiter.tryAcquire('createEvents', 'realtime');
    rateLimiter.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 4_000 } });
    const stop = new AbortController();
    const waiting = rateLimiter.acquire('createEvents', 'realtime', stop.signal);
    stop.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });
});

test('usage has the limit of the account and what remains: by the server window, then by the own count', () => {
  let at = 0;
  const rateLimiter = createRateLimiter({ rateLimitShare: 0.5, realtimeReserve: 0, scale: 2 }, () => at);
  rateLimiter.tryAcquire('createEvents', 'realtime');
  rateLimiter.onResponse('createEvents', { status: 202, headers: { remaining: 250, resetMs: 30_000 } });
  const used = { endpoint: 'createEvents', sentLastMinute: 1, perMinute: 300 };
  assert.deepEqual(rateLimiter.usage(), [{ ...used, remaining: 250 }]);
  at = 31_000;
  assert.deepEqual(rateLimiter.usage(), [{ ...used, remaining: 299 }]);
  at = 61_000;
  assert.deepEqual(rateLimiter.usage(), [{ ...used, sentLastMinute: 0, remaining: 300 }]);
});
