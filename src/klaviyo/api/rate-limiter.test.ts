/** Tests the pace of a lane, realtime's reserve, and the rate limit headers of responses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiter, type Lane, lanes, type RateLimiterSettings } from './rate-limiter.ts';

/** A rate limiter with a manual clock. */
function limiterWithClock(settings: RateLimiterSettings) {
  let at = 0;
  const rateLimiter = createRateLimiter(settings, () => at);
  return {
    rateLimiter,
    /** Acquires as many tokens as possible until this time. @returns how many */
    acquireUntil(ms: number, lane: Lane): number {
      let acquired = 0;
      while (at < ms) {
        const waitMs = rateLimiter.tryAcquire('createEvents', lane);
        if (waitMs === 0) {
          acquired += 1;
          rateLimiter.onResponse('createEvents');
        } else at += waitMs;
      }
      return acquired;
    },
  };
}

test('bulk uses its share of every minute, and not more', () => {
  const { acquireUntil } = limiterWithClock({ rateLimitShare: 0.95, realtimeReserve: 0.3 });
  const minutes = [1, 2, 3].map((minute) => acquireUntil(minute * 60_000, 'bulk'));
  for (const acquired of minutes) assert.ok(acquired <= 143 && acquired >= 136, String(minutes));
});

for (const lane of lanes)
  test(`${lane} that takes all it may takes it evenly: the end of a minute is not without budget`, () => {
    let at = 0;
    const rateLimiter = createRateLimiter({ rateLimitShare: 1, realtimeReserve: 0 }, () => at);
    let longestMs = 0;
    let acquired = 0;
    while (at < 300_000) {
      const waitMs = rateLimiter.tryAcquire('createEvents', lane);
      if (waitMs === 0) {
        acquired += 1;
        rateLimiter.onResponse('createEvents');
      }
      longestMs = Math.max(longestMs, waitMs);
      at += waitMs;
    }
    // The limit of a second may hold back the rest of a burst.
    assert.ok(longestMs < 1_500, `${longestMs} ms`);
    assert.ok(acquired >= 0.9 * 5 * 150, String(acquired));
  });

test('bulk leaves realtime its reserve while realtime is active', () => {
  const { rateLimiter, acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0.3 });
  rateLimiter.tryAcquire('createEvent', 'realtime');
  assert.ok(acquireUntil(59_000, 'bulk') <= 105);
});

test('bulk leaves the reserve when headers show that another API client uses the quota', () => {
  const { rateLimiter, acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0.3 });
  rateLimiter.tryAcquire('createEvents', 'bulk');
  rateLimiter.onResponse('createEvents', { status: 202, headers: { remaining: 140, resetMs: 60_000 } });
  rateLimiter.tryAcquire('createEvents', 'bulk');
  rateLimiter.onResponse('createEvents', { status: 202, headers: { remaining: 100, resetMs: 60_000 } });
  assert.ok(acquireUntil(58_000, 'bulk') <= 55);
});

test('after a 429 that the own count does not explain bulk leaves to others what they were seen to use, for ten minutes', () => {
  const { rateLimiter, acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0 });
  const sent = acquireUntil(45_000, 'bulk');
  assert.equal(rateLimiter.quotaOf('createEvents'), 'free');
  rateLimiter.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 15_000 } });
  assert.equal(rateLimiter.quotaOf('createEvents'), 'blocked');
  const others = 150 - sent;
  acquireUntil(120_000, 'bulk');
  assert.equal(rateLimiter.quotaOf('createEvents'), 'contested');
  const minutes = [3, 4, 5].map((minute) => acquireUntil(minute * 60_000, 'bulk'));
  for (const acquired of minutes)
    assert.ok(acquired <= 150 - others - 10 && acquired >= 150 - others - 25, `${others}: ${minutes}`);
  acquireUntil(700_000, 'bulk');
  assert.equal(rateLimiter.quotaOf('createEvents'), 'free');
  assert.ok(acquireUntil(760_000, 'bulk') > 140);
});

test('of others that use most of the quota, bulk still takes half', () => {
  const { rateLimiter, acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0 });
  rateLimiter.tryAcquire('createEvents', 'bulk');
  rateLimiter.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 1_000 } });
  const acquired = acquireUntil(59_000, 'bulk');
  assert.ok(acquired <= 75 && acquired > 65, String(acquired));
});

test('bulk always leaves the reserve when another process sends realtime', () => {
  const { acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0.3, sentElsewhere: 'realtime' });
  const minutes = [1, 2, 3].map((minute) => acquireUntil(minute * 60_000, 'bulk'));
  for (const acquired of minutes) assert.ok(acquired <= 105 && acquired >= 98, String(minutes));
});

test('the quota of a process that sends realtime only is contested: another one sends bulk', () => {
  const { rateLimiter } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0.3, sentElsewhere: 'bulk' });
  assert.equal(rateLimiter.quotaOf('createEvents'), 'contested');
});

test("the limits of the account's headers replace the published ones", () => {
  const { rateLimiter, acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0 });
  rateLimiter.tryAcquire('createEvents', 'bulk');
  rateLimiter.onResponse('createEvents', { status: 202, headers: { perSecond: 20, perMinute: 300 } });
  assert.ok(acquireUntil(60_000, 'bulk') > 200);
  assert.equal(rateLimiter.usage()[0]?.perMinute, 300);
});

test('no request is sent before Retry-After has passed', () => {
  const { rateLimiter } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0 });
  rateLimiter.tryAcquire('createEvents', 'realtime');
  rateLimiter.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 7_000 } });
  assert.equal(rateLimiter.tryAcquire('createEvents', 'realtime'), 7_000);
});

test('the remaining requests of the headers take precedence over the own count', () => {
  const { rateLimiter } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0 });
  rateLimiter.tryAcquire('createEvents', 'realtime');
  rateLimiter.onResponse('createEvents', { status: 202, headers: { remaining: 0, resetMs: 30_000 } });
  assert.equal(rateLimiter.tryAcquire('createEvents', 'realtime'), 30_000);
});

test('carts leave realtime a token at any time, and bulk leaves carts one', () => {
  const { rateLimiter } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0.3 });
  const exhaust = (lane: Lane) => {
    let acquired = 0;
    while (rateLimiter.tryAcquire('createEvents', lane) === 0) acquired += 1;
    return acquired;
  };
  assert.ok(exhaust('bulk') > 0);
  assert.ok(exhaust('cart') > 0);
  assert.ok(exhaust('realtime') > 0);
});

test('in a minute carts may use more than bulk, and leave a part of the reserve to realtime', () => {
  const acquiredBy = (lane: Lane, active: Lane) => {
    const { rateLimiter, acquireUntil } = limiterWithClock({ rateLimitShare: 1, realtimeReserve: 0.3 });
    rateLimiter.tryAcquire('createEvent', active);
    return acquireUntil(59_000, lane);
  };
  assert.ok(acquiredBy('cart', 'realtime') <= 128);
  assert.ok(acquiredBy('cart', 'realtime') > acquiredBy('bulk', 'realtime'));
  assert.ok(acquiredBy('bulk', 'cart') <= 105);
});
