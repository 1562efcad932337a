/** Lines of the log, as the service prints them without a terminal: JSON with the fields of docs/monitoring.md. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { start } from '../cli/ctk.ts';
import { newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';

const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
const [, table = ''] = /<!-- logs:begin -->\n([\s\S]*?)<!-- logs:end -->/.exec(page) ?? [];
/** Fields by `msg`, as the page says. */
const documented = new Map(
  table
    .split('\n')
    .slice(2)
    .flatMap((row) => {
      const [, name, , fields = ''] = row.split('|');
      const msg = /`([\w-]+)`/.exec(name ?? '')?.[1];
      return msg === undefined ? [] : [[msg, [...fields.matchAll(/`(\w+)`/g)].map(([, field = '']) => field)] as const];
    }),
);
const line = z.looseObject({
  level: z.int(),
  time: z.int(),
  pid: z.int(),
  hostname: z.string(),
  msg: z.string(),
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  server.close();
  return port;
}

/** What `ctk serve` prints while this is done to it. */
async function printed(shop: OrderShop, level: string, work: (service: string) => Promise<void>): Promise<unknown[]> {
  const port = await freePort();
  const running = start(['serve'], { ...shop.testEnv.env, LOG_LEVEL: level, PORT: String(port) });
  const service = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${service}/health`).catch(() => undefined))?.ok) await sleep(50);
  await work(service);
  running.signal('SIGTERM');
  const { code, out, err } = await running.ended;
  assert.deepEqual([code, err], [0, '']);
  return out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text));
}

const json = { 'content-type': 'application/json' };
const post = (url: string, body: unknown) => fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) });

test('each line is JSON with the documented fields; one for each message, and one for each event of a run', async () => {
  await using shop = await startOrderShop();
  const [good, odd] = [newOrder(), newOrder({ customerEmail: 'no e-mail address' })];
  await shop.addRecords(good);
  const lines = await printed(shop, 'trace', async (service) => {
    const message = { notificationType: 'Message', type: 'OrderCreated', createdAt: '2026-03-15T08:00:00.000Z' };
    for (const [id, { ref, record }] of [good, odd].entries())
      await post(`${service}/`, { ...message, id: `m-${id}`, resource: ref, order: record });
    await post(`${service}/`, { notificationType: 'Event' });
    await post(`${service}/`, { nothing: 'known' });
    await post(`${service}/`, { notificationType: 'Message', resource: 1 });
    await post(`${service}/sync/orders`, { ids: [good.id] });
    for (let state = ''; state !== 'completed'; ) {
      const said = z.object({ ended: z.array(z.object({ state: z.string() })) });
      state = said.parse(await (await fetch(`${service}/sync/orders`)).json()).ended[0]?.state ?? '';
    }
  });
  const seen = lines.map((one) => line.parse(one));
  for (const { level, time, pid, hostname, msg, ...fields } of seen) {
    const known = documented.get(msg);
    // Fastify logs where it listens.
    if (/^Server listening at/.test(msg)) continue;
    assert.ok(known, `${msg} is not in the table`);
    for (const name of Object.keys(fields)) assert.ok(known.includes(name), `${msg}: ${name} is not in the table`);
  }
  const count = (msg: string) => seen.filter((one) => one.msg === msg).length;
  assert.deepEqual([count('message'), count('run'), count('started'), count('stopped')], [2, 2, 1, 1]);
  for (const msg of [
    'rejected',
    'delivery-ignored',
    'invalid-envelope',
    'unreadable',
    'stopping',
    'request',
    'changes',
    'dead-letter',
  ])
    assert.ok(count(msg) > 0, msg);
  const [delivered, deadLettered] = seen.filter(({ msg }) => msg === 'message');
  for (const field of documented.get('message') ?? []) assert.ok(delivered && field in delivered, field);
  assert.deepEqual([delivered?.outcome, deadLettered?.outcome], ['delivered', 'dead-lettered']);
});

test('LOG_LEVEL says from which level on', async () => {
  await using shop = await startOrderShop();
  const levels = async (level: string) => {
    const lines = await printed(shop, level, async (service) => {
      await post(`${service}/`, { notificationType: 'Event' });
    });
    return new Set(lines.map((one) => line.parse(one).level));
  };
  assert.deepEqual([...(await levels('debug'))].sort(), [20, 30, 40]);
  assert.deepEqual([...(await levels('info'))].sort(), [30, 40]);
  assert.deepEqual([...(await levels('warn'))], [40]);
});
