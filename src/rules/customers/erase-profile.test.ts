/** Tests that only a proven erasure of a customer leads to the erasure of its profile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeDelivery,
  customer,
  delivery,
  evaluateMessage,
  id,
  lookupsIn,
  mappedOutput,
  reference,
  skipReason,
} from '../../../test/fixtures/index.ts';
import { ruleSettingsSchema } from '../settings.ts';
import { eraseProfile } from './erase-profile.ts';

const rule = 'erase-profile';
const ref = reference('customer', id('c1'));
const erased = { ...changeDelivery('ResourceDeleted', ref), dataErasure: true };
const gone = { rule, lookups: lookupsIn({}) };

test('a customer that was deleted with dataErasure is erased', async () => {
  const changes = [{ type: 'erasure', customerId: id('c1') }];
  assert.deepEqual(mappedOutput(await evaluateMessage(erased, gone)).changes, changes);
});

test('without dataErasure, or by another message, nothing is erased', async () => {
  for (const message of [
    changeDelivery('ResourceDeleted', ref),
    { ...erased, dataErasure: false },
    { ...erased, notificationType: 'ResourceUpdated' },
    { ...delivery('CustomerDeleted', ref), dataErasure: true },
  ])
    assert.match(skipReason(await evaluateMessage(message, gone)), /without dataErasure/);
});

test('a customer that still exists is not erased, whatever a message says', async () => {
  const present = { rule, lookups: lookupsIn({ customers: [customer({ id: id('c1') })] }) };
  assert.match(skipReason(await evaluateMessage(erased, present)), /still exists/);
});

test('only customer.onErasure: request subscribes to it', () => {
  const triggersWith = (onErasure: 'ignore' | 'request') => {
    const settings = ruleSettingsSchema.parse({ customer: { onErasure } });
    return eraseProfile.triggers({ ...settings, preferredLocale: '', preferredCurrency: '', productUrlTemplate: '' });
  };
  assert.deepEqual(triggersWith('ignore'), []);
  assert.deepEqual(triggersWith('request'), [{ notificationType: 'ResourceDeleted', typeId: 'customer' }]);
});
