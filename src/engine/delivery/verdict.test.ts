/** Tests the verdict table: which receipts, skips and dead letters acknowledge a message. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Receipt } from '../../klaviyo/change.ts';
import { type Outcome, type Verdict, verdictOf } from './verdict.ts';

const delivered: Receipt = { outcome: 'delivered' };
const skipped = (reason: string): Receipt => ({ outcome: 'skipped', reason });
const rejected: Receipt = { outcome: 'rejected', code: 'invalid', detail: 'no' };
const failed: Receipt = { outcome: 'failed', error: new Error('bug') };
const unavailable = (more: { reason?: string; retryAfterMs?: number; actionRequired?: boolean } = {}): Receipt => ({
  ...{ outcome: 'unavailable', reason: 'away' },
  ...more,
});

const table: [string, Partial<Outcome>, Verdict][] = [
  ['everything delivered', { receipts: [delivered, delivered] }, { answer: 'done' }],
  ['one delivered, one skipped', { receipts: [skipped('unknown sku'), delivered] }, { answer: 'done' }],
  ['one delivered, another rule had nothing to send', { receipts: [delivered], skips: ['no'] }, { answer: 'done' }],
  ['nothing to send', { skips: ['a guest'] }, { answer: 'skipped', reasons: ['a guest'] }],
  ['no rule said anything', {}, { answer: 'skipped', reasons: [] }],
  [
    'the sink skipped as well, with equal reasons told once',
    { receipts: [skipped('unknown sku'), skipped('unknown sku')], skips: ['a guest', 'unknown sku'] },
    { answer: 'skipped', reasons: ['a guest', 'unknown sku'] },
  ],
  ['rejected and kept', { receipts: [rejected], kept: ['invalid'] }, { answer: 'kept', reasons: ['invalid'] }],
  [
    'rejected and kept beside delivered',
    { receipts: [delivered, rejected], kept: ['invalid'] },
    { answer: 'kept', reasons: ['invalid'] },
  ],
  ['unreadable and kept', { kept: ['unreadable'] }, { answer: 'kept', reasons: ['unreadable'] }],
  ['rejected and not kept', { receipts: [rejected] }, { answer: 'again', reason: 'failed by our own fault' }],
  ['failed and not kept', { receipts: [failed] }, { answer: 'again', reason: 'failed by our own fault' }],
  [
    'failed and not kept beside delivered',
    { receipts: [delivered, failed] },
    { answer: 'again', reason: 'failed by our own fault' },
  ],
  [
    'two rejected, one of them kept',
    { receipts: [rejected, rejected], kept: ['invalid'] },
    { answer: 'again', reason: 'failed by our own fault' },
  ],
  ['failed and kept', { receipts: [failed], kept: ['failed'] }, { answer: 'kept', reasons: ['failed'] }],
  ['unavailable', { receipts: [unavailable()] }, { answer: 'again', reason: 'away' }],
  ['unavailable beside delivered', { receipts: [delivered, unavailable()] }, { answer: 'again', reason: 'away' }],
  [
    'unavailable beside rejected and kept',
    { receipts: [rejected, unavailable()], kept: ['invalid'] },
    { answer: 'again', reason: 'away' },
  ],
  [
    'several unavailable: the longest wait',
    { receipts: [unavailable({ retryAfterMs: 1 }), unavailable({ retryAfterMs: 3 }), unavailable()] },
    { answer: 'again', reason: 'away', retryAfterMs: 3 },
  ],
  [
    'several unavailable: the reason that somebody has to act on',
    {
      receipts: [unavailable({ retryAfterMs: 1 }), unavailable({ reason: 'the key is refused', actionRequired: true })],
    },
    { answer: 'again', reason: 'the key is refused', actionRequired: true, retryAfterMs: 1 },
  ],
];

describe('verdict', () => {
  for (const [what, outcome, verdict] of table)
    test(`${what}: ${verdict.answer}`, () => {
      assert.deepEqual(verdictOf({ receipts: [], skips: [], kept: [], ...outcome }), verdict);
    });
});
