/** `ctk dead-letters`: what could not be delivered, from the terminal. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newOrder, type Rows, startRows } from '../mapping/order-fixture.ts';
import { ctk } from './ctk.ts';

let rows: Rows;
before(async () => {
  rows = await startRows();
});
after(() => rows.stop());

test('listed, shown, replayed when the record is mended, and gone', async () => {
  const order = newOrder({ customerEmail: 'no e-mail address' });
  assert.equal(await rows.tell('OrderCreated', order.ref, { order: order.record }), 202);
  const listed = await ctk(['dead-letters', 'list', '--rule', 'placed-order'], rows.world.env);
  assert.deepEqual([listed.code, listed.err], [0, '']);
  assert.match(listed.out, new RegExp(`^[0-9a-f]{40} .*order ${order.id} {2}placed-order`));
  assert.doesNotMatch(listed.out, /no e-mail address/);
  const id = listed.out.slice(0, 40);
  assert.equal(JSON.parse((await ctk(['dead-letters', 'show', id], rows.world.env)).out).record.id, order.id);
  await rows.place({ ...order, record: { ...order.record, customerEmail: 'mended@example.com' } });
  const replayed = await ctk(['dead-letters', 'replay', id], rows.world.env);
  assert.deepEqual([replayed.code, replayed.out], [0, 'delivered\n']);
  assert.equal((await rows.event('Placed Order', order.id)).profile.email, 'mended@example.com');
  const again = await ctk(['dead-letters', 'show', id], rows.world.env);
  assert.deepEqual([again.code, again.out], [1, '']);
  assert.match(again.err, /there is no dead letter .*; ctk dead-letters list shows them/);
});

test('discarded for good', async () => {
  const order = newOrder({ customerEmail: 'still none' });
  assert.equal(await rows.tell('OrderCreated', order.ref, { order: order.record }), 202);
  const { out } = await ctk(['dead-letters', 'list', '--rule', 'placed-order'], rows.world.env);
  const [id = ''] = out.split(' ');
  assert.equal((await ctk(['dead-letters', 'discard', id], rows.world.env)).out, '1 discarded\n');
  const left = await ctk(['dead-letters', 'list', '--rule', 'placed-order'], rows.world.env);
  assert.equal(left.out, 'no dead letters\n');
});
