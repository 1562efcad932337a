/** Tests that jobs with the same key run one after the other, in call order, whatever they throw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createKeyedMutex } from './keyed-mutex.ts';

test('a job of an unlocked key starts synchronously', () => {
  let started = false;
  void createKeyedMutex().runExclusive('a', async () => {
    started = true;
  });
  assert.equal(started, true);
});

test('jobs of one key run one after the other, in call order', async () => {
  const mutex = createKeyedMutex();
  const log: string[] = [];
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const jobs = gates.map((gate, index) =>
    mutex.runExclusive('a', async () => {
      log.push(`start ${index}`);
      await gate.promise;
      log.push(`end ${index}`);
    }),
  );
  for (const gate of gates.toReversed()) gate.resolve();
  await Promise.all(jobs);
  assert.deepEqual(log, ['start 0', 'end 0', 'start 1', 'end 1', 'start 2', 'end 2']);
});

test('jobs of different keys run at the same time', async () => {
  const mutex = createKeyedMutex();
  const gate = Promise.withResolvers<void>();
  const first = mutex.runExclusive('a', () => gate.promise);
  assert.equal(await mutex.runExclusive('b', async () => 'done'), 'done');
  gate.resolve();
  await first;
});

test("a job's result or rejection reaches its own caller only", async () => {
  const mutex = createKeyedMutex();
  const rejected = mutex.runExclusive('a', () => Promise.reject(new Error('first')));
  const second = mutex.runExclusive('a', async () => 'second');
  await assert.rejects(rejected, /first/);
  assert.equal(await second, 'second');
});

test('a job that throws synchronously unlocks its key', async () => {
  const mutex = createKeyedMutex();
  const throwing = () => {
    throw new Error('synchronous');
  };
  await assert.rejects(async () => mutex.runExclusive('a', throwing), /synchronous/);
  const second = mutex.runExclusive('a', async () => 'second');
  const third = mutex.runExclusive('a', throwing);
  const fourth = mutex.runExclusive('a', async () => 'fourth');
  await assert.rejects(third, /synchronous/);
  assert.deepEqual(await Promise.all([second, fourth]), ['second', 'fourth']);
});

test('a job may run another job with a different key', async () => {
  const mutex = createKeyedMutex();
  const nested = mutex.runExclusive('a', () => mutex.runExclusive('b', async () => 'inner'));
  assert.equal(await nested, 'inner');
});

test('no two jobs of a key overlap, and every job runs', async () => {
  const job = fc.record({ key: fc.constantFrom('a', 'b', 'c'), throws: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(job, { maxLength: 20 }), async (scheduler, jobs) => {
      const mutex = createKeyedMutex();
      const running = new Map<string, number>();
      const completed: number[] = [];
      const all = jobs.map(({ key, throws }, index) =>
        mutex
          .runExclusive(key, async () => {
            running.set(key, (running.get(key) ?? 0) + 1);
            assert.equal(running.get(key), 1);
            await scheduler.schedule(Promise.resolve());
            running.set(key, 0);
            completed.push(index);
            if (throws) throw new Error('a bug');
          })
          .catch((thrown: unknown) => assert.match(String(thrown), /a bug/)),
      );
      await scheduler.waitFor(Promise.all(all));
      assert.equal(completed.length, jobs.length);
      for (const key of ['a', 'b', 'c']) {
        const ofKey = completed.filter((index) => jobs[index]?.key === key);
        assert.deepEqual(
          ofKey,
          ofKey.toSorted((left, right) => left - right),
        );
      }
    }),
  );
});
