/** Tests the backoff of a run: how long it waits, what it says meanwhile, and which errors end it instead. */
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { RunFailed } from '../runs/errors.ts';
import { emptyCounts } from '../runs/run-counts.ts';
import type { RunExecution } from '../runs/run-worker.ts';
import { createRunPause } from './run-pause.ts';

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  syncBuiltinESMExports();
});
afterEach(() => {
  mock.timers.reset();
  syncBuiltinESMExports();
});

function start() {
  const stop = new AbortController();
  let moved = 0;
  const work: RunExecution = {
    run: {
      ...{ id: 'run', resource: 'orders', kind: 'sync', request: {}, by: 'api', state: 'running' },
      ...{ counts: emptyCounts(), queuedAt: '2026-03-15T08:00:00.000Z' },
    },
    signal: stop.signal,
    markDirty: () => {
      moved += 1;
    },
  };
  return { pause: createRunPause(work), work, stop, moved: () => moved };
}

/** Whether the pause is over after this time, and not a moment before. */
async function lasts(paused: Promise<void>, ms: number): Promise<boolean> {
  let over = false;
  const ended = paused.then(() => {
    over = true;
  });
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  await settle();
  mock.timers.tick(ms - 1);
  await settle();
  if (over) return false;
  mock.timers.tick(1);
  await ended;
  return over;
}

test('each pause is twice as long as the one before, up to a minute', async () => {
  const { pause } = start();
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60])
    assert.ok(await lasts(pause.wait('away'), seconds * 1_000), `${seconds} s`);
});

test('a longer Retry-After is obeyed, a shorter one does not shorten the pause', async () => {
  const { pause } = start();
  assert.ok(await lasts(pause.wait('away', 90_000), 90_000));
  assert.ok(await lasts(pause.wait('away', 10), 2_000));
});

test('after something went well the next pause is short again', async () => {
  const { pause } = start();
  await lasts(pause.wait('away'), 1_000);
  await lasts(pause.wait('away'), 2_000);
  pause.reset();
  assert.ok(await lasts(pause.wait('away'), 1_000));
});

test('a run that waits is paused and says for what, until something went well', async () => {
  const { pause, work, moved } = start();
  const waiting = pause.wait('Klaviyo answered 503');
  assert.deepEqual([work.run.state, work.run.problem, moved()], ['paused', 'Klaviyo answered 503', 1]);
  await lasts(waiting, 1_000);
  assert.deepEqual([work.run.state, work.run.problem], ['running', 'Klaviyo answered 503']);
  pause.reset();
  assert.equal(work.run.problem, undefined);
});

test('one page that goes well does not hide what another one waits for', async () => {
  const { pause, work } = start();
  const waiting = pause.wait('Klaviyo answered 503');
  createRunPause(work).reset();
  assert.deepEqual([work.run.state, work.run.problem], ['paused', 'Klaviyo answered 503']);
  await lasts(waiting, 1_000);
  pause.reset();
  assert.deepEqual([work.run.state, work.run.problem], ['running', undefined]);
});

test('a run is paused until the last of its pages that wait goes on', async () => {
  const { pause, work } = start();
  const short = pause.wait('Klaviyo answered 503');
  const other = createRunPause(work);
  const long = other.wait('commercetools answered 503', 5_000);
  await lasts(short, 1_000);
  pause.reset();
  assert.deepEqual([work.run.state, work.run.problem], ['paused', 'commercetools answered 503']);
  await lasts(long, 4_000);
  assert.equal(work.run.state, 'running');
});

test('a run that is stopping stays so while a page goes well', async () => {
  const { pause, work, stop } = start();
  await lasts(pause.wait('away'), 1_000);
  work.run.state = 'stopping';
  stop.abort(new Error('stop'));
  pause.reset();
  assert.deepEqual([work.run.state, work.run.problem], ['stopping', undefined]);
});

test('a stop ends the pause at once', async () => {
  const { pause, stop } = start();
  const waiting = pause.wait('away');
  stop.abort(new Error('stop'));
  await assert.rejects(waiting, /^Error: stop$/);
  await assert.rejects(pause.wait('away'), /^Error: stop$/);
});

test('what commercetools cannot answer now is waited for, with its Retry-After', async () => {
  const { pause, work } = start();
  const waiting = pause.waitOrFail(
    new CommercetoolsError('unavailable', 'commercetools answered 503', { retryAfterMs: 5_000 }),
  );
  assert.equal(work.run.problem, 'commercetools answered 503');
  assert.ok(await lasts(waiting, 5_000));
});

test('what commercetools will never answer fails the run', async () => {
  const { pause } = start();
  await assert.rejects(pause.waitOrFail(new CommercetoolsError('rejected', 'commercetools answered 400')), RunFailed);
});

test('an internal error is passed on', async () => {
  const { pause } = start();
  await assert.rejects(pause.waitOrFail(new TypeError('bug')), TypeError);
});
