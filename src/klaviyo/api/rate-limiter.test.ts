/** Rate limiter: paces a lane, leaves realtime its reserve, obeys what Klaviyo's answers say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiter, type Lane } from './rate-limiter.ts';

/** A clock that is moved by hand, and how many requests go out until a time. */
function clocked(settings: { rateLimitShare: number; realtimeReserve: number }) {
  let at = 0;
  const throttle = createRateLimiter(settings, () => at);
  return {
    throttle,
    /** @returns how many turns were taken until then */
    until(ms: number, lane: Lane): number {
      let taken = 0;
      while (at < ms) {
        const wait = throttle.tryAcquire('createEvents', lane);
        if (wait === 0) {
          taken += 1;
          throttle.onResponse('createEvents');
        } else at += wait;
      }
      return taken;
    },
  };
}

test('bulk uses its share of every minute, evenly, and never more', () => {
  const { until } = clocked({ rateLimitShare: 0.95, realtimeReserve: 0.3 });
  const minutes = [1, 2, 3].map((minute) => until(minute * 60_000, 'bulk'));
  for (const taken of minutes) assert.ok(taken <= 143 && taken >= 136, String(minutes));
});

test('bulk leaves realtime its reserve while messages come', () => {
  const { throttle, until } = clocked({ rateLimitShare: 1, realtimeReserve: 0.3 });
  throttle.tryAcquire('createEvent', 'realtime');
  assert.ok(until(59_000, 'bulk') <= 105);
});

test('bulk leaves the reserve when answers show that somebody else spends', () => {
  const { throttle, until } = clocked({ rateLimitShare: 1, realtimeReserve: 0.3 });
  throttle.tryAcquire('createEvents', 'bulk');
  throttle.onResponse('createEvents', { status: 202, headers: { remaining: 140, resetMs: 60_000 } });
  throttle.tryAcquire('createEvents', 'bulk');
  throttle.onResponse('createEvents', { status: 202, headers: { remaining: 100, resetMs: 60_000 } });
  assert.ok(until(58_000, 'bulk') <= 55);
});

test('Retry-After is obeyed to the second', () => {
  const { throttle } = clocked({ rateLimitShare: 1, realtimeReserve: 0 });
  throttle.tryAcquire('createEvents', 'realtime');
  throttle.onResponse('createEvents', { status: 429, headers: { retryAfterMs: 7_000 } });
  assert.equal(throttle.tryAcquire('createEvents', 'realtime'), 7_000);
});

test('what Klaviyo says is left of the minute counts more than the own count', () => {
  const { throttle } = clocked({ rateLimitShare: 1, realtimeReserve: 0 });
  throttle.tryAcquire('createEvents', 'realtime');
  throttle.onResponse('createEvents', { status: 202, headers: { remaining: 0, resetMs: 30_000 } });
  assert.equal(throttle.tryAcquire('createEvents', 'realtime'), 30_000);
});
