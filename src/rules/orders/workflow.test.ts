import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  delivery,
  evaluateMessage,
  evaluateRecords,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  money,
  order,
  profilesIn,
  reference,
  run,
  settings,
} from '../../../test/fixtures/index.ts';
import type { RuleOutput } from '../types.ts';
import { workflow } from './workflow.ts';

const states = ['ready', 'picked', 'unnamed'].map((key) => ({ id: `id-of-${key}`, key }));
const state = (key: string) => reference('state', `id-of-${key}`);
const names = { ready: { metric: 'Ready for Pickup' }, picked: { metric: 'Item Picked', of: 'lineItem' } };
const record = order({
  state: state('ready'),
  lineItems: [
    lineItem({ id: 'l1', quantity: 2, totalPrice: money(1800), state: [{ quantity: 2, state: state('picked') }] }),
    lineItem({ id: 'l2', quantity: 1, totalPrice: money(500), state: [{ quantity: 1, state: state('unnamed') }] }),
  ],
  customLineItems: [],
});
const transition = { id: 'm1', state: state('ready'), createdAt: '2026-03-15T10:00:00.000Z' };
const ofLine = { lineItemId: 'l1', quantity: 1, toState: state('picked'), transitionDate: '2026-03-15T09:30:00.000Z' };

async function onMessage(type: string, payload: Json, workflow: Json = names, shop: Json = {}): Promise<RuleOutput> {
  const lookups = lookupsIn({ orders: [record], states, ...shop });
  const sent = delivery(type, reference('order', String(record.id)), payload);
  return mappedOutput(
    await evaluateMessage(sent, { rule: 'workflow', lookups, settings: settings({ order: { workflow } }) }),
  );
}

async function inRun(workflow: Json): Promise<RuleOutput> {
  const lookups = lookupsIn({ states });
  const options = { rule: 'workflow', lookups, settings: settings({ order: { workflow } }), cause: run };
  return mappedOutput(await evaluateRecords([record], options));
}

function seen({ changes }: RuleOutput): unknown[] {
  return changes.flatMap((change) =>
    change.type === 'event' ? [[change.metric, change.uniqueId.replace(String(record.id), 'order'), change.value]] : [],
  );
}

test('an order that enters a named state: its metric, with the state and the whole order', async () => {
  const output = await onMessage('OrderStateTransition', transition);
  assert.deepEqual(seen(output), [['Ready for Pickup', 'order:ready', 122.8]]);
  const [event] = output.changes;
  assert.ok(event?.type === 'event');
  assert.deepEqual([event.time, event.properties.StateKey], ['2026-03-15T10:00:00.000Z', 'ready']);
  assert.deepEqual(event.properties.ItemCount, 3);
});

test('a line item that enters a named state: that line and its price, at the date of the transition', async () => {
  const output = await onMessage('LineItemStateTransition', ofLine);
  assert.deepEqual(seen(output), [['Item Picked', 'l1:picked', 18]]);
  const [event] = output.changes;
  assert.ok(event?.type === 'event');
  assert.deepEqual([event.time, event.properties.ItemCount], ['2026-03-15T09:30:00.000Z', 2]);
});

test('a state without an event, of another kind, deleted or unreadable: skipped with a reason', async () => {
  const reasons = async (...args: Parameters<typeof onMessage>) => (await onMessage(...args)).skips;
  assert.deepEqual(await reasons('OrderStateTransition', { state: state('unnamed') }), [
    'no event for the state unnamed (order.workflow)',
  ]);
  assert.deepEqual(await reasons('OrderStateTransition', { state: state('picked') }), [
    'the state picked has an event for lineItem only (order.workflow)',
  ]);
  assert.deepEqual(await reasons('OrderStateTransition', { state: state('gone') }), ['the state no longer exists']);
  assert.deepEqual(await reasons('OrderStateTransition', transition, names, { states: 'forbidden' }), [
    'without view_states the keys of states are not known (order.workflow)',
  ]);
  assert.deepEqual(await reasons('LineItemStateTransition', { ...ofLine, lineItemId: 'gone' }), [
    'the line item is no longer in the order',
  ]);
});

test('a state without an event costs no lookup of the order and its profile', async () => {
  const unread = () => assert.fail('looked up');
  const lookups = { ...lookupsIn({ states }), order: unread };
  const profiles = { ...profilesIn(), byExternalId: unread, byEmail: unread };
  const sent = delivery('OrderStateTransition', reference('order', 'any'), { state: state('unnamed') });
  const options = { rule: 'workflow', lookups, profiles, settings: settings({ order: { workflow: names } }) };
  assert.deepEqual(mappedOutput(await evaluateMessage(sent, options)).changes, []);
});

test('a run, and a message without payload, take the states that the order and its lines are in', async () => {
  const all = [
    ['Ready for Pickup', 'order:ready', 122.8],
    ['Item Picked', 'l1:picked', 18],
  ];
  assert.deepEqual(seen(await inRun(names)), all);
  assert.deepEqual(seen(await onMessage('OrderStateTransition', {})), all.slice(0, 1));
  assert.deepEqual(seen(await onMessage('LineItemStateTransition', {})), all.slice(1));
});

test('an event that repeats has the id of its message, and no run sends it', async () => {
  const repeated = { ready: { metric: 'Ready', repeat: true }, picked: { ...names.picked, repeat: true } };
  assert.deepEqual(seen(await onMessage('OrderStateTransition', transition, repeated)), [
    ['Ready', 'order:ready:m1', 122.8],
  ]);
  const { changes, skips } = await inRun(repeated);
  assert.deepEqual([changes, skips[0]], [[], 'an event that repeats is sent in realtime only (order.workflow)']);
  const { skips: unknown } = await onMessage('LineItemStateTransition', {}, repeated);
  assert.equal(unknown[0], 'the message does not say which line changed');
});

test('off without states; triggered by the messages of the named kinds only', () => {
  const of = (workflow: Json) => settings({ order: { workflow } });
  const types = (set: Json) => workflow.triggers(of(set)).map(({ messageType }) => messageType);
  assert.equal(workflow.offBy?.(of({})), 'order.workflow is empty');
  assert.equal(workflow.offBy?.(of(names)), undefined);
  assert.deepEqual(types({ ready: names.ready }), ['OrderStateTransition']);
  assert.deepEqual(types({ picked: names.picked }), ['LineItemStateTransition', 'CustomLineItemStateTransition']);
});
