/** Keyed mutex: one holder a key, in the order of asking, whatever the holders throw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createKeyedMutex } from './keyed-mutex.ts';

test('a free key is held at once', () => {
  let began = false;
  void createKeyedMutex().runExclusive('a', async () => {
    began = true;
  });
  assert.equal(began, true);
});

test('holders of one key run one after the other, in the order of asking', async () => {
  const locks = createKeyedMutex();
  const log: string[] = [];
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const held = gates.map((gate, index) =>
    locks.runExclusive('a', async () => {
      log.push(`begin ${index}`);
      await gate.promise;
      log.push(`end ${index}`);
    }),
  );
  for (const gate of gates.toReversed()) gate.resolve();
  await Promise.all(held);
  assert.deepEqual(log, ['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
});

test('holders of different keys do not wait for each other', async () => {
  const locks = createKeyedMutex();
  const gate = Promise.withResolvers<void>();
  const first = locks.runExclusive('a', () => gate.promise);
  assert.equal(await locks.runExclusive('b', async () => 'done'), 'done');
  gate.resolve();
  await first;
});

test("a holder's result and rejection reach its own caller only", async () => {
  const locks = createKeyedMutex();
  const rejected = locks.runExclusive('a', () => Promise.reject(new Error('first')));
  const second = locks.runExclusive('a', async () => 'second');
  await assert.rejects(rejected, /first/);
  assert.equal(await second, 'second');
});

test('a job that throws before it returns a promise frees its key', async () => {
  const locks = createKeyedMutex();
  const throwing = () => {
    throw new Error('at once');
  };
  await assert.rejects(async () => locks.runExclusive('a', throwing), /at once/);
  const second = locks.runExclusive('a', async () => 'second');
  const third = locks.runExclusive('a', throwing);
  const fourth = locks.runExclusive('a', async () => 'fourth');
  await assert.rejects(third, /at once/);
  assert.deepEqual(await Promise.all([second, fourth]), ['second', 'fourth']);
});

test('a job may hold another key while it holds one', async () => {
  const locks = createKeyedMutex();
  const nested = locks.runExclusive('a', () => locks.runExclusive('b', async () => 'inner'));
  assert.equal(await nested, 'inner');
});

test('never two holders of a key, and every job runs', async () => {
  const job = fc.record({ key: fc.constantFrom('a', 'b', 'c'), throws: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(job, { maxLength: 20 }), async (scheduler, jobs) => {
      const locks = createKeyedMutex();
      const holders = new Map<string, number>();
      const ran: number[] = [];
      const all = jobs.map(({ key, throws }, index) =>
        locks
          .runExclusive(key, async () => {
            holders.set(key, (holders.get(key) ?? 0) + 1);
            assert.equal(holders.get(key), 1);
            await scheduler.schedule(Promise.resolve());
            holders.set(key, 0);
            ran.push(index);
            if (throws) throw new Error('a bug');
          })
          .catch((thrown: unknown) => assert.match(String(thrown), /a bug/)),
      );
      await scheduler.waitFor(Promise.all(all));
      assert.equal(ran.length, jobs.length);
      for (const key of ['a', 'b', 'c']) {
        const ofKey = ran.filter((index) => jobs[index]?.key === key);
        assert.deepEqual(
          ofKey,
          ofKey.toSorted((left, right) => left - right),
        );
      }
    }),
  );
});
