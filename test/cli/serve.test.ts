/** `ctk serve`: runs until a signal, and completes what is in flight. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { delivery } from '../fixtures/index.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import type { Ended, Running } from '../program.ts';
import { assertPresentable, ctk, start } from './ctk.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

/** The service as a process of its own, when it listens. */
async function serving(env: Record<string, string> = {}): Promise<{ service: string; running: Running }> {
  const running = start(['serve'], { ...shop.testEnv.env, ...env });
  const [, service = ''] = await running.printed(/"ports":\["(http:[^"]+)"/);
  return { service, running };
}

function push(service: string, order: ReturnType<typeof newOrder>): Promise<Response> {
  const payload = delivery('OrderCreated', order.ref, { id: order.id, order: order.record });
  const headers = { 'content-type': 'application/json' };
  return fetch(service, { method: 'POST', headers, body: JSON.stringify(payload) });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: ends with exit code 0 and logs the signal`, async () => {
    const { service, running } = await serving();
    assert.equal((await fetch(`${service}/health`)).status, 200);
    running.signal(signal);
    const ended = await running.ended;
    assertPresentable(ended);
    assert.deepEqual([ended.code, ended.err], [0, '']);
    assert.match(ended.out, new RegExp(`"reason":"${signal}"`));
    await assert.rejects(fetch(`${service}/health`));
  });
}

test('SIGTERM while it starts: it stops in order, with exit code 0', async () => {
  const running = start(['serve'], shop.testEnv.env);
  await running.printed(/"msg":/);
  running.signal('SIGTERM');
  const ended = await running.ended;
  assertPresentable(ended);
  assert.equal(ended.code, 0);
  assert.match(ended.out, /"reason":"SIGTERM"/);
});

test('SIGTERM while a message is under way: it is finished and answered before the end', async () => {
  const { service, running } = await serving();
  const order = newOrder();
  shop.testEnv.klaviyo.faults.add({ kind: 'delay', ms: 500, path: '/api/event' });
  const answer = push(service, order);
  await endedMeanwhile(running);
  assert.equal((await answer).status, 204);
  assert.equal((await shop.event('Placed Order', order.id)).value, 122.8);
});

test('from SIGTERM on /ready is red and new messages are sent away; what is under way is answered as ever', async () => {
  const { service, running } = await serving();
  const [order, late] = [newOrder(), newOrder()];
  shop.testEnv.klaviyo.faults.add({ kind: 'delay', ms: 1_500, path: '/api/event' });
  const answer = push(service, order);
  const seen: unknown[] = [];
  await endedMeanwhile(running, async () => {
    await running.printed(/"reason":"SIGTERM"/);
    seen.push((await fetch(`${service}/ready`)).status, (await push(service, late)).status);
    seen.push((await fetch(`${service}/health`)).status, (await answer).status);
  });
  assert.deepEqual(seen, [503, 503, 200, 204]);
  assert.equal((await shop.events({ metric: 'Placed Order', unique_id: late.id })).length, 0);
});

test('SIGTERM while a sync runs: what is under way is settled, and it ends with exit code 0', async () => {
  const { service, running } = await serving();
  const customers = [newCustomer(), newCustomer()] as const;
  await shop.addRecords(...customers);
  shop.testEnv.klaviyo.faults.add({ kind: 'delay', ms: 300, path: '/api/profile' });
  assert.equal((await fetch(`${service}/sync/customers`, { method: 'POST' })).status, 202);
  await endedMeanwhile(running);
  const arrived = (await shop.profiles()).map(({ external_id }) => external_id);
  assert.ok(customers.some(({ id }) => arrived.includes(id)));
});

test('SIGTERM while Klaviyo never answers: it ends at its deadline, and the message is not acknowledged', async () => {
  const { service, running } = await serving({ SHUTDOWN_SECONDS: '1' });
  const order = newOrder();
  shop.testEnv.klaviyo.faults.add({ kind: 'hang', path: '/api/event' });
  const answer = push(service, order).then(
    ({ status }) => status,
    () => 'cut off',
  );
  const { out } = await endedMeanwhile(running);
  assert.match(out, /SHUTDOWN_SECONDS/);
  assert.ok([503, 'cut off'].includes(await answer));
});

test('a port that is taken: the variable to change, exit code 1, no stack trace', async () => {
  const { service, running } = await serving();
  const { code, err } = await ctk(['serve'], { ...shop.testEnv.env, PORT: new URL(service).port });
  assert.equal(code, 1);
  assert.match(err, /PORT: port \d+ is taken by another process; set PORT to a free port/);
  running.signal('SIGTERM');
  await running.ended;
});

/** Tells it to end when a request has reached a fault of the pretended Klaviyo; it ends well. */
async function endedMeanwhile(running: Running, meanwhile?: () => Promise<void>): Promise<Ended> {
  const { faults } = shop.testEnv.klaviyo;
  while (faults.list().every(({ struck }) => struck === 0)) await sleep(5);
  running.signal('SIGTERM');
  await meanwhile?.();
  const ended = await running.ended;
  faults.clear();
  assertPresentable(ended);
  assert.equal(ended.code, 0);
  return ended;
}
