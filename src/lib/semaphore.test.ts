/** Tests the number and order of permits, and that an abort leaves the other callers unaffected. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSemaphore } from './semaphore.ts';

const never = new AbortController().signal;

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) === pending;
}

test('a caller beyond the maximum waits for a released permit', async () => {
  const semaphore = createSemaphore(2);
  const releaseFirst = await semaphore.acquire(never);
  await semaphore.acquire(never);
  const third = semaphore.acquire(never);
  assert.equal(await isPending(third), true);
  releaseFirst();
  await third;
});

test('permits are granted in call order', async () => {
  const semaphore = createSemaphore(1);
  const order: number[] = [];
  const releaseFirst = await semaphore.acquire(never);
  const waiting = [1, 2, 3].map(async (number) => {
    const release = await semaphore.acquire(never);
    order.push(number);
    release();
  });
  releaseFirst();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
});

test('a permit that is released twice counts once', async () => {
  const semaphore = createSemaphore(1);
  const releaseFirst = await semaphore.acquire(never);
  releaseFirst();
  releaseFirst();
  await semaphore.acquire(never);
  assert.equal(await isPending(semaphore.acquire(never)), true);
});

test('an aborted signal acquires no permit', async () => {
  const semaphore = createSemaphore(1);
  const reason = new Error('stop');
  await assert.rejects(semaphore.acquire(AbortSignal.abort(reason)), reason);
  await semaphore.acquire(never);
});

test('an abort while waiting rejects with its reason, and the next caller gets the permit', async () => {
  const semaphore = createSemaphore(1);
  const release = await semaphore.acquire(never);
  const stop = new AbortController();
  const aborted = semaphore.acquire(stop.signal);
  const next = semaphore.acquire(never);
  const reason = new Error('stop');
  stop.abort(reason);
  await assert.rejects(aborted, reason);
  release();
  await next;
  assert.equal(await isPending(semaphore.acquire(never)), true);
});

test('an abort after the permit was granted does not release it', async () => {
  const semaphore = createSemaphore(1);
  const stop = new AbortController();
  const releaseFirst = await semaphore.acquire(never);
  const second = semaphore.acquire(stop.signal);
  releaseFirst();
  const release = await second;
  stop.abort();
  release();
  await semaphore.acquire(never);
});
