/** Tests how verdicts of one delivery are combined, and how long a source holds back after failures. */
import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import type { Verdict } from '../engine/delivery/verdict.ts';
import { createPatience, nameOf, together, waitMs } from './combine-verdicts.ts';

const done: Verdict = { ack: true, outcome: 'delivered' };
const skipped: Verdict = { ack: true, outcome: 'skipped', reasons: ['nothing'] };
const kept: Verdict = { ack: true, outcome: 'dead-lettered', reasons: ['invalid'] };
const again: Verdict = { ack: false, reason: 'away' };

describe('the verdict of deliveries that are acknowledged together', () => {
  const table: [string, Verdict[], Verdict][] = [
    ['none', [], { ack: true, outcome: 'skipped', reasons: [] }],
    ['one stands for itself', [done], done],
    ['all skipped', [skipped, skipped], { ack: true, outcome: 'skipped', reasons: ['nothing', 'nothing'] }],
    ['skipped and done', [skipped, done], done],
    ['one kept', [done, kept, skipped], kept],
    [
      'several kept',
      [kept, { ack: true, outcome: 'dead-lettered', reasons: ['large'] }],
      { ack: true, outcome: 'dead-lettered', reasons: ['invalid', 'large'] },
    ],
    ['one comes again', [done, kept, again], again],
    [
      'several come again: the longest wait',
      [again, { ...again, retryAfterMs: 2 }, { ...again, retryAfterMs: 1 }],
      { ...again, retryAfterMs: 2 },
    ],
    [
      'several come again: the reason that somebody has to act on',
      [again, { ack: false, reason: 'the key is refused', actionRequired: true }],
      { ack: false, reason: 'the key is refused', actionRequired: true },
    ],
  ];
  for (const [what, verdicts, combined] of table)
    test(what, () => {
      assert.deepEqual(together(verdicts), combined);
    });
});

describe('backoff', () => {
  test('the wait doubles with each failure in a row, up to a minute', () => {
    assert.deepEqual(
      [1, 2, 3, 7, 8, 9, 1_000].map((deliveries) => waitMs(deliveries)),
      [500, 1_000, 2_000, 32_000, 60_000, 60_000, 60_000],
    );
  });

  test('a longer Retry-After wins, a shorter one does not', () => {
    assert.equal(waitMs(1, 90_000), 90_000);
    assert.equal(waitMs(5, 10), 8_000);
  });
});

describe('patience of a source', () => {
  afterEach(() => mock.restoreAll());

  test('failures in a row hold it back longer, and a success ends that', () => {
    let clock = 1_000;
    mock.method(performance, 'now', () => clock);
    const patience = createPatience();
    assert.equal(patience.leftMs(), 0);
    patience.took(again);
    patience.took(again);
    assert.equal(patience.leftMs(), 1_000);
    clock += 400;
    assert.equal(patience.leftMs(), 600);
    clock += 10_000;
    assert.equal(patience.leftMs(), 0);
    patience.took({ ...again, retryAfterMs: 5_000 });
    assert.equal(patience.leftMs(), 5_000);
    patience.took(kept);
    assert.equal(patience.leftMs(), 0);
    patience.took(again);
    assert.equal(patience.leftMs(), 500);
  });
});

test('an error is named by its code or class, never by its text', () => {
  assert.equal(nameOf(Object.assign(new Error('mia@example.com'), { code: 'ECONNRESET' })), 'ECONNRESET');
  assert.equal(nameOf(new TypeError('mia@example.com')), 'TypeError');
  assert.equal(nameOf('mia@example.com'), 'unknown error');
});
