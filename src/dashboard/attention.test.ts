/** Tests what needs attention: since when, what to do, and that it disappears with its cause. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Ready } from '../engine/readiness.ts';
import { createRun, type Run } from '../engine/runs/run.ts';
import type { AppEvent } from '../telemetry/app-events.ts';
import { type AttentionState, createAttention } from './attention.ts';

let time = 0;
beforeEach(() => {
  time = Date.parse('2026-03-15T08:00:00Z');
});
const now = () => new Date(time);
const ok: Ready = { ready: true, commercetools: 'ok', klaviyo: 'ok', sources: { push: 'ok' }, subscriptions: {} };
const state = (part: Partial<AttentionState> = {}): AttentionState => ({
  ...{ ready: ok, deadLetters: undefined, runs: [], shedReason: undefined },
  ...part,
});
const noLetters = { count: 0, more: false, rules: {}, codes: {}, resources: {} };
const delivered: AppEvent = {
  ...{ type: 'message', messageType: 'OrderCreated', messageId: 'm', createdAt: '2026-03-15T08:00:00Z' },
  ...{ record: { typeId: 'order', id: 'o' }, rules: [], outcome: 'delivered', reasons: [], tookMs: 1 },
};

function run(part: Partial<Run>): Run {
  const request = {};
  return { ...createRun({ resource: 'orders', kind: 'sync', request, by: 'api', now: now() }), ...part };
}

test('a healthy service needs none', () => {
  assert.deepEqual(createAttention(now).read(state({ deadLetters: noLetters })), []);
});

test('an API that is away: since it was seen first, with advice, until it is back', () => {
  const attention = createAttention(now);
  const away = state({ ready: { ...ok, klaviyo: 'Klaviyo answered 503' } });
  const [first] = attention.read(away);
  time += 60_000;
  const [entry] = attention.read(away);
  assert.deepEqual([entry?.title, entry?.tone, entry?.since], ['Klaviyo is not reachable', 'bad', first?.since]);
  assert.match(entry?.advice ?? '', /ctk check/);
  assert.deepEqual(attention.read(state()), []);
  const [again] = attention.read(away);
  assert.equal(again?.since, now().toISOString());
});

test('sources and subscriptions have entries of their own', () => {
  const ready = {
    ...ok,
    sources: { sqs: 'AccessDenied' },
    subscriptions: { ours: 'ConfigurationError', fine: 'Healthy' },
  };
  const titles = createAttention(now)
    .read(state({ ready }))
    .map(({ title }) => title);
  assert.deepEqual(titles, ['No messages by sqs', 'Subscription ours is unhealthy']);
});

test('a problem of credentials lasts until the next delivery', () => {
  const attention = createAttention(now);
  attention.record({ type: 'action-required', reason: 'Klaviyo rejects the key' });
  const since = now().toISOString();
  time += 5_000;
  attention.record({ type: 'action-required', reason: 'Klaviyo rejects the key' });
  const [entry] = attention.read(state());
  assert.deepEqual([entry?.detail, entry?.since], ['Klaviyo rejects the key', since]);
  attention.record({ ...delivered, outcome: 'retried' });
  assert.equal(attention.read(state()).length, 1);
  attention.record(delivered);
  assert.deepEqual(attention.read(state()), []);
});

test('dead letters: since the oldest one', () => {
  const deadLetters = { ...noLetters, count: 2, oldestAt: '2026-03-01T00:00:00.000Z' };
  const [entry] = createAttention(now).read(state({ deadLetters }));
  assert.deepEqual([entry?.title, entry?.since, entry?.tone], ['2 dead letters', deadLetters.oldestAt, 'warn']);
});

test('a failed sync, until a later one of the resource has completed', () => {
  const failed = run({ state: 'failed', problem: 'too many errors', endedAt: '2026-03-15T07:00:00.000Z' });
  const [entry] = createAttention(now).read(state({ runs: [failed] }));
  assert.deepEqual([entry?.title, entry?.since], ['The sync of orders failed', failed.endedAt]);
  const completed = run({ state: 'completed' });
  assert.deepEqual(createAttention(now).read(state({ runs: [completed, failed] })), []);
  const followUp = run({ kind: 'follow-up', state: 'completed' });
  assert.equal(createAttention(now).read(state({ runs: [followUp, failed] })).length, 1);
});

test('a replica that sheds load is shown with what to do, while it does', () => {
  const attention = createAttention(now);
  const [entry] = attention.read(state({ shedReason: 'memory is short' }));
  assert.deepEqual([entry?.id, entry?.detail, entry?.tone], ['memory', 'memory is short', 'bad']);
  assert.deepEqual(attention.read(state()), []);
});
