/** What a person at a terminal sees: a bar, readable lines, colours where they are wanted. `script` is the terminal. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { type Env, startProgram } from '../program.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
// util-linux' one: it is part of every Debian, and takes other options elsewhere.
const skip = /util-linux/.test(String(spawnSync('script', ['--version']).stdout)) ? false : 'no script of util-linux';
const colour = `${String.fromCharCode(27)}[3`;
const coloured = (text: string) => text.includes(colour);

describe('at a terminal', { skip }, () => {
  let shop: OrderShop;
  before(async () => {
    shop = await startOrderShop();
    await shop.addRecords(newCustomer(), newCustomer());
  });
  after(() => shop.stop());

  const typed = (args: string, env: Env = {}) =>
    startProgram(
      'script',
      ['-qec', `stty rows 40 cols 100; exec ${process.execPath} ${main} ${args}`, '/dev/null'],
      {
        TERM: 'xterm',
        ...shop.testEnv.env,
        ...env,
      },
      { stdin: 'pipe' },
    );

  test('ctk sync shows a bar that is full at the end, and the counts below it', async () => {
    const { code, out } = await typed('sync customers').ended;
    assert.equal(code, 0);
    assert.match(out, /customers +█+ 100% 2\/2 completed \| 2 delivered, 0 pending, 0 skipped/);
    assert.match(out, /customers: completed, 2 read, 2 delivered/);
  });

  test('ctk sync says what it waits for, also where a line is 100 characters long', async () => {
    await using away = await startOrderShop({ settings: { commercetools: { retries: 0 } } });
    await away.addRecords(newCustomer());
    await away.injectFault({ kind: 'status', status: 503, path: '^/[^/]+/customers', after: 1 });
    const running = typed('sync customers', away.testEnv.env);
    await running.printed(/commercetools answered 503/);
    running.signal('SIGTERM');
    await running.ended;
  });

  test('ctk sync orders --no-backfill asks for the name of the resource, and starts nothing for another answer', async () => {
    const order = newOrder();
    await shop.addRecords(order);
    for (const [answer, code, sent] of [
      ['yes', 1, 0],
      ['orders', 0, 1],
    ] as const) {
      const running = typed('sync orders --no-backfill');
      await running.printed(/up to 2 events that can trigger flows[\s\S]*Type orders to confirm/);
      running.type(`${answer}\r`);
      assert.equal((await running.ended).code, code);
      assert.equal((await shop.events({ metric: 'Placed Order' })).length, sent);
    }
  });

  test('ctk watch shows the runs until Ctrl-C', async () => {
    const running = typed('watch');
    await running.printed(/customers +sync completed[\s\S]*Ctrl-C ends it/);
    running.type('\u0003');
    assert.equal((await running.ended).code, 0);
  });

  test('ctk check marks in colours, and without them where NO_COLOR is set', async () => {
    assert.ok(coloured((await typed('check').ended).out));
    assert.ok(!coloured((await typed('check', { NO_COLOR: '1' }).ended).out));
  });

  test('ctk serve logs lines for people, without colours where NO_COLOR is set', async () => {
    for (const env of [{}, { NO_COLOR: '1' }]) {
      const running = typed('serve', env);
      await running.printed(/started/);
      running.signal('SIGTERM');
      const { out } = await running.ended;
      assert.match(out, /INFO.*started/);
      assert.equal(coloured(out), !('NO_COLOR' in env));
    }
  });
});
