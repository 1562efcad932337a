/** Shared signal of the callers of one piece of work: ends with the last of them, and keeps no listeners. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SharedSignal } from './shared-signal.ts';

function callers(count: number): AbortController[] {
  return Array.from({ length: count }, () => new AbortController());
}

/** One signal for all of them. */
function shared([first, ...others]: readonly AbortController[]): SharedSignal {
  const patience = new SharedSignal((first ?? assert.fail()).signal);
  for (const { signal } of others) patience.add(signal);
  return patience;
}

test('a shared signal is aborted when the last caller is', () => {
  const all = callers(3);
  const patience = shared(all);
  const signal = patience.signal();
  for (const [index, caller] of all.entries()) {
    assert.equal(patience.aborted, false);
    assert.equal(signal.aborted, false);
    caller.abort();
    assert.equal(patience.aborted, index === 2);
    assert.equal(signal.aborted, index === 2);
  }
});

test('a caller that joins after the signal was handed on is waited for', () => {
  const [first, second] = callers(2);
  assert.ok(first && second);
  const patience = new SharedSignal(first.signal);
  const signal = patience.signal();
  patience.add(second.signal);
  first.abort();
  assert.equal(signal.aborted, false);
  second.abort();
  assert.equal(signal.aborted, true);
});

test('a caller that joins twice counts once', () => {
  const [only] = callers(1);
  assert.ok(only);
  const patience = new SharedSignal(only.signal);
  patience.add(only.signal);
  only.abort();
  assert.equal(patience.aborted, true);
});

test('a caller that joins when it has given up already is not waited for', () => {
  const [first] = callers(1);
  assert.ok(first);
  const patience = new SharedSignal(first.signal);
  const signal = patience.signal();
  patience.add(AbortSignal.abort());
  first.abort();
  assert.equal(signal.aborted, true);
});

test('a signal of callers that have all given up is aborted from the start', () => {
  assert.equal(new SharedSignal(AbortSignal.abort()).signal().aborted, true);
});

test('a released signal is never aborted', () => {
  const all = callers(2);
  const before = shared(all);
  const signal = before.signal();
  before.detach();
  for (const caller of all) caller.abort();
  assert.equal(before.aborted, false);
  assert.equal(signal.aborted, false);
  assert.equal(before.signal().aborted, false);
});

test('the same signal is handed on every time', () => {
  const patience = shared(callers(2));
  assert.equal(patience.signal(), patience.signal());
});

test('callers hold a listener only from the time a signal is asked for until it is released or aborted', () => {
  const listeners = (all: readonly AbortController[]) =>
    all.map(({ signal }) => getEventListeners(signal, 'abort').length);
  const all = callers(2);
  const released = shared(all);
  assert.deepEqual(listeners(all), [0, 0]);
  released.signal();
  assert.deepEqual(listeners(all), [1, 1]);
  released.detach();
  assert.deepEqual(listeners(all), [0, 0]);
  released.add(new AbortController().signal);
  const again = shared(all);
  again.signal();
  for (const caller of all) caller.abort();
  assert.deepEqual(listeners(all), [0, 0]);
});

test('a caller that joins a released signal gets no listener', () => {
  const [first, second] = callers(2);
  assert.ok(first && second);
  const patience = new SharedSignal(first.signal);
  patience.signal();
  patience.detach();
  patience.add(second.signal);
  assert.equal(getEventListeners(second.signal, 'abort').length, 0);
});
