/** Renamed group: a customer group changed, so the profiles of its customers are sent again with its name. */
import type { RuleSettings } from '../settings.ts';
import { changeTrigger, type Rule } from '../types.ts';
import type { CustomerGroupFacts } from './renamed-group-facts.ts';

export const renamedGroup: Rule<CustomerGroupFacts> = {
  name: 'renamed-group',
  summary: 'A customer group changed: a sync of its customers sends the name, if `customer.fields` has groups.',
  sends: 'profiles, by a follow-up sync of `customers`',
  settings: ['customer.fields'],
  triggers: (settings) =>
    sendsGroups(settings) ? [changeTrigger('customer-group', 'ResourceUpdated', 'CustomerResourceUpdated')] : [],
  map({ id }) {
    const quoted = JSON.stringify(id);
    return {
      changes: [],
      skips: ['a sync of the customers of the group sends its name'],
      warnings: [],
      followUps: [
        {
          resource: 'customers',
          where: `customerGroup(id=${quoted}) or customerGroupAssignments(customerGroup(id=${quoted}))`,
          reason: `customer group ${id} changed: profiles of its customers`,
        },
      ],
    };
  },
};

function sendsGroups({ customer: { fields } }: RuleSettings): boolean {
  return fields.customerGroup !== null || fields.customerGroups !== null;
}
