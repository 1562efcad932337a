/** `ctk dead-letters`: what could not be delivered, from the terminal. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { ctkInProcess as ctk } from './in-process.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

test('listed, shown, replayed when the record is mended, and gone', async () => {
  const order = newOrder({ customerEmail: 'no e-mail address' });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 202);
  const listed = await ctk(['dead-letters', 'list', '--rule', 'placed-order'], shop.testEnv.env);
  assert.deepEqual([listed.code, listed.err], [0, '']);
  assert.match(listed.out, new RegExp(`^[0-9a-f]{40} .*order ${order.id} {2}placed-order`));
  assert.doesNotMatch(listed.out, /no e-mail address/);
  const id = listed.out.slice(0, 40);
  assert.equal(JSON.parse((await ctk(['dead-letters', 'show', id], shop.testEnv.env)).out).record.id, order.id);
  await shop.addRecords({ ...order, record: { ...order.record, customerEmail: 'mended@example.com' } });
  const replayed = await ctk(['dead-letters', 'replay', id], shop.testEnv.env);
  assert.deepEqual([replayed.code, replayed.out], [0, 'delivered\n']);
  assert.equal((await shop.event('Placed Order', order.id)).profile.email, 'mended@example.com');
  const again = await ctk(['dead-letters', 'show', id], shop.testEnv.env);
  assert.deepEqual([again.code, again.out], [1, '']);
  assert.match(again.err, /there is no dead letter .*; ctk dead-letters list shows them/);
});

test('discarded for good', async () => {
  const order = newOrder({ customerEmail: 'still none' });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 202);
  const { out } = await ctk(['dead-letters', 'list', '--rule', 'placed-order'], shop.testEnv.env);
  const [id = ''] = out.split(' ');
  assert.equal((await ctk(['dead-letters', 'discard', id], shop.testEnv.env)).out, '1 discarded\n');
  const left = await ctk(['dead-letters', 'list', '--rule', 'placed-order'], shop.testEnv.env);
  assert.equal(left.out, 'no dead letters\n');
});

test('discard --all is refused without --yes where nobody can be asked', async () => {
  const order = newOrder({ customerEmail: 'none either' });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 202);
  const refused = await ctk(['dead-letters', 'discard', '--all'], shop.testEnv.env);
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.match(refused.err, /\d dead letters are deleted for good.*\n.*pass --yes/);
  const discarded = await ctk(['dead-letters', 'discard', '--all', '--yes'], shop.testEnv.env);
  assert.match(discarded.out, /^\d discarded$/m);
});
