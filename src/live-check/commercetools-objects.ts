/** Verifies optimistic locking of custom objects with version 0, on which leases and runs rely. */
import { putObject } from './commercetools-requests.ts';
import { asExpected, type LiveCheck, unexpected } from './live-check.ts';

const absentFact = 'version 0 for an absent custom object';
const existingFact = 'version 0 for an existing custom object';

export const commercetoolsObjects: LiveCheck = {
  title: 'custom objects',
  facts: [
    { name: absentFact, expected: 'created' },
    { name: existingFact, expected: 'conflict' },
  ],
  creates: ['two custom objects in a container of their own'],
  remains: [],
  async run(context, report) {
    const absent = await putObject(context, `${context.mark}-absent`, 0);
    if (absent.ok) report(absentFact, asExpected('created', 'runs, leases and dead letters can be stored'));
    else {
      const consequence = 'none: the store writes without a version; a new lease then takes a second more';
      report(absentFact, unexpected(`refused (${absent.error.code ?? absent.error.type})`, consequence));
    }
    const key = `${context.mark}-existing`;
    const created = await putObject(context, key);
    if (!created.ok) throw created.error;
    const overwritten = await putObject(context, key, 0);
    if (overwritten.ok) {
      const consequence = 'none: the store finds it out too; a new lease then takes a second more';
      report(existingFact, unexpected('overwritten', consequence));
    } else report(existingFact, asExpected('conflict', 'of several processes exactly one starts a run'));
  },
};
