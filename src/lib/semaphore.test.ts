/** Tests the semaphore: how many permits there are, who gets the next one, and what an abort leaves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSemaphore } from './semaphore.ts';

const never = new AbortController().signal;

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) === pending;
}

test('as many permits as there are can be taken at a time', async () => {
  const permits = createSemaphore(2);
  const first = await permits.acquire(never);
  await permits.acquire(never);
  const third = permits.acquire(never);
  assert.equal(await isPending(third), true);
  first();
  await third;
});

test('permits are given in the order in which they were asked for', async () => {
  const permits = createSemaphore(1);
  const order: number[] = [];
  const first = await permits.acquire(never);
  const others = [1, 2, 3].map(async (number) => {
    const giveBack = await permits.acquire(never);
    order.push(number);
    giveBack();
  });
  first();
  await Promise.all(others);
  assert.deepEqual(order, [1, 2, 3]);
});

test('a permit that is given back twice counts once', async () => {
  const permits = createSemaphore(1);
  const first = await permits.acquire(never);
  first();
  first();
  await permits.acquire(never);
  assert.equal(await isPending(permits.acquire(never)), true);
});

test('an aborted signal takes no permit', async () => {
  const permits = createSemaphore(1);
  const reason = new Error('stop');
  await assert.rejects(permits.acquire(AbortSignal.abort(reason)), reason);
  await permits.acquire(never);
});

test('an abort while waiting rejects with the reason and leaves the permit to the next one', async () => {
  const permits = createSemaphore(1);
  const held = await permits.acquire(never);
  const stop = new AbortController();
  const aborted = permits.acquire(stop.signal);
  const next = permits.acquire(never);
  const reason = new Error('stop');
  stop.abort(reason);
  await assert.rejects(aborted, reason);
  held();
  await next;
  assert.equal(await isPending(permits.acquire(never)), true);
});

test('an abort after the permit was given does not take it away', async () => {
  const permits = createSemaphore(1);
  const stop = new AbortController();
  const first = await permits.acquire(never);
  const second = permits.acquire(stop.signal);
  first();
  const giveBack = await second;
  stop.abort();
  giveBack();
  await permits.acquire(never);
});
