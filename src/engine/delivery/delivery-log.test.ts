/** Tests the delivery log: what it costs in writes, that it is bounded, and that a store that is away delays and fails nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { createDeliveryLog, type DeliveryLogOptions } from './delivery-log.ts';

const order = (id: string) => ({ typeId: 'order', id });
const delivered = (id: string) => ({ record: order(id), rule: 'placed-order', outcome: 'delivered' }) as const;
const many = (count: number, prefix = 'o') =>
  Array.from({ length: count }, (_, index) => delivered(`${prefix}${index}`));

function createLog(options: Partial<DeliveryLogOptions> & { store?: Store } = {}) {
  let writes = 0;
  let failing: StoreError | undefined;
  let time = 0;
  const warnings: string[] = [];
  const memory = options.store ?? createMemoryStore();
  const store: Store = {
    ...memory,
    async put(...args) {
      if (failing) throw failing;
      writes += 1;
      return memory.put(...args);
    },
  };
  const now = () => new Date(time);
  const onWarning = (detail: string) => void warnings.push(detail);
  const defaults = { enabled: true, keepDays: 7, maxEntries: 100_000, now, onWarning };
  return {
    log: createDeliveryLog(store, { ...defaults, ...options }),
    memory,
    warnings,
    writes: () => writes,
    fail(error: StoreError | undefined) {
      failing = error;
    },
    pass(hours: number) {
      time += hours * 60 * 60 * 1_000;
    },
    pages: async () => (await Array.fromAsync(memory.list('ctk-delivery-log'))).length,
  };
}

test('1,000 deliveries within a flush are one write, and what is added later goes to the same page', async () => {
  const { log, writes, pages } = createLog();
  log.add(many(1_000));
  await log.flush();
  assert.deepEqual([writes(), await pages()], [1, 1]);
  for (const index of [1, 2, 3]) {
    log.add([delivered(`late${index}`)]);
    await log.flush();
  }
  assert.deepEqual([writes(), await pages()], [4, 2]);
  await log.flush();
  assert.equal(writes(), 4, 'nothing to store is no write');
});

test('entries of a record are found before and after they are stored, also by another process, oldest first', async () => {
  const { log, memory, pass } = createLog();
  log.add([delivered('a'), delivered('b')]);
  await log.flush();
  pass(1);
  log.add([{ ...delivered('a'), outcome: 'rejected', reason: 'invalid' }]);
  const outcomes = async (one: typeof log) => (await one.of([order('a')])).map(({ outcome }) => outcome);
  assert.deepEqual(await outcomes(log), ['delivered', 'rejected']);
  assert.deepEqual(await outcomes(createLog({ store: memory }).log), ['delivered']);
  assert.deepEqual(await log.of([{ typeId: 'customer', id: 'a' }]), []);
});

test('pages that are too old, and the oldest beyond the maximum, are deleted', async () => {
  const { log, pages, pass } = createLog({ keepDays: 1, maxEntries: 3_000 });
  log.add(many(10));
  await log.flush();
  pass(26);
  log.add(many(10));
  await log.flush();
  assert.equal(await pages(), 1);
  for (const batch of Array.from({ length: 6 }, (_, index) => many(1_000, `batch${index}-`))) {
    pass(1.1);
    log.add(batch);
    await log.flush();
  }
  assert.ok((await pages()) <= 4);
  assert.equal((await log.of([order('batch0-0')])).length, 0);
  assert.equal((await log.of([order('batch5-0')])).length, 1);
});

test('while the store is away entries are kept, with one warning; without the scope nothing is logged', async () => {
  const { log, fail, warnings, writes } = createLog();
  fail(new StoreError('unavailable', 'away'));
  log.add(many(3));
  await log.flush();
  await log.flush();
  assert.deepEqual(warnings, ["the delivery log can't be stored: away"]);
  fail(undefined);
  await log.flush();
  assert.deepEqual([writes(), (await log.of([order('o2')])).length], [1, 1]);
  fail(new StoreError('forbidden', 'no scope'));
  log.add(many(1, 'x'));
  await log.flush();
  log.add(many(1, 'y'));
  assert.deepEqual(await log.of([order('x0'), order('y0')]), []);
  assert.equal(warnings.length, 2);
});

test('while the store is away for long the oldest entries are dropped', async () => {
  const { log } = createLog();
  log.add(many(15_000, 'old'));
  log.add(many(15_000, 'new'));
  assert.deepEqual(await log.of([order('old0')]), []);
  assert.equal((await log.of([order('new0'), order('old14999')])).length, 2);
});

test('enabled: false logs nothing', async () => {
  const { log, writes } = createLog({ enabled: false });
  log.add(many(3));
  await log.flush();
  assert.deepEqual([writes(), await log.of([order('o1')])], [0, []]);
});

test('ids that no record has are not logged, so that a page stays small', async () => {
  const { log, writes } = createLog();
  log.add([delivered('x'.repeat(2_000_000))]);
  await log.flush();
  assert.equal(writes(), 0);
});
