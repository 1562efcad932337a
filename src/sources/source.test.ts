/** Tests how the verdicts of messages that are acknowledged together are combined. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineVerdicts, type Verdict } from './source.ts';

const delivered: Verdict = { ack: true, outcome: 'delivered' };
const skipped: Verdict = { ack: true, outcome: 'skipped', reasons: ['nothing'] };
const deadLettered: Verdict = { ack: true, outcome: 'dead-lettered', reasons: ['invalid'] };
const retried: Verdict = { ack: false, reason: 'unavailable' };

const table: [string, Verdict[], Verdict][] = [
  ['no verdicts', [], { ack: true, outcome: 'skipped', reasons: [] }],
  ['a single verdict is unchanged', [delivered], delivered],
  ['all skipped', [skipped, skipped], { ack: true, outcome: 'skipped', reasons: ['nothing', 'nothing'] }],
  ['skipped and delivered', [skipped, delivered], delivered],
  ['one dead-lettered', [delivered, deadLettered, skipped], deadLettered],
  [
    'several dead-lettered: all reasons',
    [deadLettered, { ack: true, outcome: 'dead-lettered', reasons: ['large'] }],
    { ack: true, outcome: 'dead-lettered', reasons: ['invalid', 'large'] },
  ],
  ['one retried', [delivered, deadLettered, retried], retried],
  [
    'several retried: the longest delay',
    [retried, { ...retried, retryAfterMs: 2 }, { ...retried, retryAfterMs: 1 }],
    { ...retried, retryAfterMs: 2 },
  ],
  [
    'several retried: the reason that requires action',
    [retried, { ack: false, reason: 'the key is refused', actionRequired: true }],
    { ack: false, reason: 'the key is refused', actionRequired: true },
  ],
];

for (const [name, verdicts, combined] of table)
  test(name, () => {
    assert.deepEqual(combineVerdicts(verdicts), combined);
  });
