/** Tests the verdict table: which receipts, skips and dead letters acknowledge a message. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Receipt } from '../../klaviyo/change.ts';
import type { Verdict } from '../../sources/source.ts';
import { emptyResult, type RecordResult, toVerdict } from './verdict.ts';

const delivered: Receipt = { outcome: 'delivered' };
const skipped = (reason: string): Receipt => ({ outcome: 'skipped', reason });
const rejected: Receipt = { outcome: 'rejected', code: 'invalid', detail: 'no' };
const failed: Receipt = { outcome: 'failed', error: new Error('bug') };
const unavailable = (more: { reason?: string; retryAfterMs?: number; actionRequired?: boolean } = {}): Receipt => ({
  ...{ outcome: 'unavailable', reason: 'away' },
  ...more,
});

const table: [string, Partial<RecordResult>, Verdict][] = [
  ['everything delivered', { receipts: [delivered, delivered] }, { ack: true, outcome: 'delivered' }],
  [
    'one delivered, one skipped',
    { receipts: [skipped('unknown sku'), delivered] },
    { ack: true, outcome: 'delivered' },
  ],
  [
    'one delivered, another rule had nothing to send',
    { receipts: [delivered], skips: ['no'] },
    { ack: true, outcome: 'delivered' },
  ],
  ['nothing to send', { skips: ['a guest'] }, { ack: true, outcome: 'skipped', reasons: ['a guest'] }],
  ['no rule was evaluated', {}, { ack: true, outcome: 'skipped', reasons: [] }],
  [
    'the sink skipped as well, with equal reasons given once',
    { receipts: [skipped('unknown sku'), skipped('unknown sku')], skips: ['a guest', 'unknown sku'] },
    { ack: true, outcome: 'skipped', reasons: ['a guest', 'unknown sku'] },
  ],
  [
    'rejected and dead-lettered',
    { receipts: [rejected], deadLettered: ['invalid'] },
    { ack: true, outcome: 'dead-lettered', reasons: ['invalid'] },
  ],
  [
    'rejected and dead-lettered beside delivered',
    { receipts: [delivered, rejected], deadLettered: ['invalid'] },
    { ack: true, outcome: 'dead-lettered', reasons: ['invalid'] },
  ],
  [
    'unreadable and dead-lettered',
    { deadLettered: ['unreadable'] },
    { ack: true, outcome: 'dead-lettered', reasons: ['unreadable'] },
  ],
  ['rejected without a dead letter', { receipts: [rejected] }, { ack: false, reason: 'internal error' }],
  ['failed without a dead letter', { receipts: [failed] }, { ack: false, reason: 'internal error' }],
  [
    'failed without a dead letter beside delivered',
    { receipts: [delivered, failed] },
    { ack: false, reason: 'internal error' },
  ],
  [
    'two rejected, one of them dead-lettered',
    { receipts: [rejected, rejected], deadLettered: ['invalid'] },
    { ack: false, reason: 'internal error' },
  ],
  [
    'failed and dead-lettered',
    { receipts: [failed], deadLettered: ['failed'] },
    { ack: true, outcome: 'dead-lettered', reasons: ['failed'] },
  ],
  ['unavailable', { receipts: [unavailable()] }, { ack: false, reason: 'away' }],
  ['unavailable beside delivered', { receipts: [delivered, unavailable()] }, { ack: false, reason: 'away' }],
  [
    'unavailable beside rejected and dead-lettered',
    { receipts: [rejected, unavailable()], deadLettered: ['invalid'] },
    { ack: false, reason: 'away' },
  ],
  [
    'several unavailable: the longest wait',
    { receipts: [unavailable({ retryAfterMs: 1 }), unavailable({ retryAfterMs: 3 }), unavailable()] },
    { ack: false, reason: 'away', retryAfterMs: 3 },
  ],
  [
    'several unavailable: the reason that requires action',
    {
      receipts: [unavailable({ retryAfterMs: 1 }), unavailable({ reason: 'the key is refused', actionRequired: true })],
    },
    { ack: false, reason: 'the key is refused', actionRequired: true, retryAfterMs: 1 },
  ],
  [
    'an internal error beside a dead-lettered rejection',
    { receipts: [rejected], deadLettered: ['invalid'], errors: [new Error('bug')] },
    { ack: false, reason: 'internal error' },
  ],
  [
    'an internal error beside an unreadable part',
    { deadLettered: ['unreadable'], errors: [new Error('bug')] },
    { ack: false, reason: 'internal error' },
  ],
];

describe('verdict', () => {
  for (const [name, parts, verdict] of table)
    test(`${name}: ${verdict.ack ? verdict.outcome : 'not acknowledged'}`, () => {
      const result = { ...emptyResult({ typeId: 'order', id: 'o1' }), ...parts };
      assert.deepEqual(toVerdict([result]), verdict);
    });
});
