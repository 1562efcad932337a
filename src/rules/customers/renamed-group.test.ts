/** Tests what follows a changed customer group. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeDelivery,
  evaluateMessage,
  id,
  lookupsIn,
  mappedOutput,
  reference,
  settings,
  skipReason,
} from '../../../test/fixtures/index.ts';
import { renamedGroup } from './renamed-group.ts';

const rule = 'renamed-group';
const ref = reference('customer-group', id('91'));
const changed = changeDelivery('ResourceUpdated', ref);

test('a sync of the customers of the group follows', async () => {
  const lookups = lookupsIn({ names: { [`customer-group ${id('91')}`]: 'Gold' } });
  const { changes, skips, followUps } = mappedOutput(await evaluateMessage(changed, { rule, lookups }));
  const where = `customerGroup(id="${id('91')}") or customerGroupAssignments(customerGroup(id="${id('91')}"))`;
  assert.deepEqual([changes, skips.length], [[], 1]);
  assert.deepEqual(
    followUps.map((followUp) => [followUp.resource, followUp.where]),
    [['customers', where]],
  );
});

test('nothing follows a group that no longer exists', async () => {
  const reason = skipReason(await evaluateMessage(changed, { rule, lookups: lookupsIn({}) }));
  assert.equal(reason, 'the customer group no longer exists');
});

test('it is triggered only if the settings send groups', () => {
  const triggersWith = (fields: object) => renamedGroup.triggers(settings({ customer: { fields } })).length;
  assert.deepEqual(
    [{}, { stores: 'Stores' }, { customerGroup: 'Group' }, { customerGroups: 'Groups' }].map(triggersWith),
    [0, 0, 1, 1],
  );
});
