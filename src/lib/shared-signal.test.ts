/** Tests that a shared signal is aborted with its last caller, and that it leaves no listeners. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { SharedSignal } from './shared-signal.ts';

function callers(count: number): AbortController[] {
  return Array.from({ length: count }, () => new AbortController());
}

function sharedBy([first, ...rest]: readonly AbortController[]): SharedSignal {
  const shared = new SharedSignal((first ?? assert.fail()).signal);
  for (const { signal } of rest) shared.add(signal);
  return shared;
}

test('a shared signal is aborted when the last caller is', () => {
  const all = callers(3);
  const shared = sharedBy(all);
  const signal = shared.signal();
  for (const [index, caller] of all.entries()) {
    assert.equal(shared.aborted, false);
    assert.equal(signal.aborted, false);
    caller.abort();
    assert.equal(shared.aborted, index === 2);
    assert.equal(signal.aborted, index === 2);
  }
});

test('a caller that is added later keeps the signal from being aborted', () => {
  const [first, second] = callers(2);
  assert.ok(first && second);
  const shared = new SharedSignal(first.signal);
  const signal = shared.signal();
  shared.add(second.signal);
  first.abort();
  assert.equal(signal.aborted, false);
  second.abort();
  assert.equal(signal.aborted, true);
});

test('a caller that is added twice counts once', () => {
  const [only] = callers(1);
  assert.ok(only);
  const shared = new SharedSignal(only.signal);
  shared.add(only.signal);
  only.abort();
  assert.equal(shared.aborted, true);
});

test('a caller that is aborted when it is added has no effect', () => {
  const [first] = callers(1);
  assert.ok(first);
  const shared = new SharedSignal(first.signal);
  const signal = shared.signal();
  shared.add(AbortSignal.abort());
  first.abort();
  assert.equal(signal.aborted, true);
});

test('a shared signal whose callers are all aborted is aborted from the start', () => {
  assert.equal(new SharedSignal(AbortSignal.abort()).signal().aborted, true);
});

test('a detached signal is never aborted', () => {
  const all = callers(2);
  const before = sharedBy(all);
  const signal = before.signal();
  before.detach();
  for (const caller of all) caller.abort();
  assert.equal(before.aborted, false);
  assert.equal(signal.aborted, false);
  assert.equal(before.signal().aborted, false);
});

test('the AbortSignal is the same object every time', () => {
  const shared = sharedBy(callers(2));
  assert.equal(shared.signal(), shared.signal());
});

test('callers have a listener only from the first request of a signal until it is detached or aborted', () => {
  const listeners = (all: readonly AbortController[]) =>
    all.map(({ signal }) => getEventListeners(signal, 'abort').length);
  const all = callers(2);
  const detached = sharedBy(all);
  assert.deepEqual(listeners(all), [0, 0]);
  detached.signal();
  assert.deepEqual(listeners(all), [1, 1]);
  detached.detach();
  assert.deepEqual(listeners(all), [0, 0]);
  detached.add(new AbortController().signal);
  const aborted = sharedBy(all);
  aborted.signal();
  for (const caller of all) caller.abort();
  assert.deepEqual(listeners(all), [0, 0]);
});

test('a caller that is added to a detached signal gets no listener', () => {
  const [first, second] = callers(2);
  assert.ok(first && second);
  const shared = new SharedSignal(first.signal);
  shared.signal();
  shared.detach();
  shared.add(second.signal);
  assert.equal(getEventListeners(second.signal, 'abort').length, 0);
});
