/** The live check under each variant of the sandboxes that it can see: what it finds, and that its records are gone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommercetoolsBehaviours, commercetoolsVariants } from '../../sandbox/commercetools/behaviours.ts';
import type { KlaviyoBehaviours, klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import type { TestEnvOptions } from '../test-env.ts';
import { type Checked, finding, mark, runChecked } from './live-check-fixture.ts';

/** Records of others are as before, and what is left is what the plan says: the test profile and its events. */
function assertTidy({ before, after, remaining, writes }: Checked): void {
  assert.deepEqual(remaining, []);
  const added = after.filter((record) => !before.some((each) => each.id === record.id));
  assert.deepEqual(
    after.filter((record) => !added.includes(record)),
    before,
  );
  for (const record of added) assert.match(JSON.stringify(record), /"email":"ctk-live-check@example\.com"/);
  assert.equal(added.filter((record) => 'external_id' in record).length, 1, 'one profile');
  assert.ok(writes.length > 20);
  for (const write of writes) assert.ok(write.includes(mark), write);
}

async function expectFound(options: TestEnvOptions, fact: string, found: string | RegExp, state: string) {
  const checked = await runChecked(options);
  const { found: actual, state: actualState } = finding(checked, fact);
  if (typeof found === 'string') assert.equal(actual, found);
  else assert.match(actual, found);
  assert.equal(actualState, state);
  assertTidy(checked);
  return checked;
}

function eachKlaviyoVariant<S extends keyof typeof klaviyoVariants>(
  name: S,
  fact: string,
  expected: { [V in KlaviyoBehaviours[S] & string]: [found: string, state: string] },
): void {
  for (const [variant, [found, state]] of Object.entries<[string, string]>(expected))
    test(`Klaviyo's ${name} ${variant}: ${found}`, async () => {
      await expectFound({ klaviyo: { [name]: variant } }, fact, found, state);
    });
}

function eachShopVariant<S extends keyof typeof commercetoolsVariants>(
  name: S,
  fact: string,
  expected: { [V in CommercetoolsBehaviours[S] & string]: [found: string, state: string] },
): void {
  for (const [variant, [found, state]] of Object.entries<[string, string]>(expected))
    test(`commercetools' ${name} ${variant}: ${found}`, async () => {
      await expectFound({ commercetools: { [name]: variant } }, fact, found, state);
    });
}

// Each waits for its sandboxes most of the time.
describe('each variant', { concurrency: 3 }, () => {
  eachKlaviyoVariant('repeatedUniqueId', 'repeated events in a bulk body', {
    ignored: ['ignored', 'ok'],
    rejected: ['rejected', 'ok'],
    'rejected-naming-one': ['rejected', 'ok'],
    'body-lost': ['lost', 'warning'],
  });
  eachKlaviyoVariant('emailFilter', 'case of an e-mail in a filter', {
    'case-insensitive': ['ignored', 'ok'],
    'case-sensitive': ['significant', 'ok'],
  });
  eachKlaviyoVariant('bulkImportUnset', 'unset properties in a bulk import', {
    applied: ['applied', 'ok'],
    ignored: ['ignored', 'ok'],
  });
  eachKlaviyoVariant('eventFilters', 'events of a profile within a time', {
    combine: ['accepted', 'ok'],
    'time-alone': ['refused', 'ok'],
  });
  eachKlaviyoVariant('reservedCharactersInPath', 'ids with / % ? # in a path', {
    accepted: ['accepted', 'ok'],
    'html-404': ['refused: / % ? #', 'ok'],
    rejected: ['refused: / % ? #', 'ok'],
  });
  eachShopVariant('versionZero', 'version 0 for an existing custom object', {
    conflict: ['conflict', 'ok'],
    overwrites: ['overwritten', 'warning'],
  });
  eachShopVariant('versionZeroOfAbsent', 'version 0 for an absent custom object', {
    creates: ['created', 'ok'],
    conflict: ['refused (ConcurrentModification)', 'warning'],
    invalid: ['refused (InvalidInput)', 'warning'],
  });
  eachShopVariant('lowercaseEmail', 'lowercaseEmail in a predicate', {
    queryable: ['accepted', 'ok'],
    unknown: ['refused (InvalidInput)', 'warning'],
  });
  eachShopVariant('repeatedWhere', 'several where parameters', {
    and: ['all have to match', 'ok'],
    last: ['only the last one counts', 'warning'],
  });
});

test('a rejection that names one of two repeated events, or both', async () => {
  const fact = 'repeated events named by a rejection';
  await expectFound({ klaviyo: { repeatedUniqueId: 'rejected-naming-one' } }, fact, '1 of 2', 'warning');
  await expectFound({ klaviyo: { repeatedUniqueId: 'rejected' } }, fact, 'all', 'ok');
});

test('a server that refuses every bulk body does not show that Klaviyo rejects repeated events', async () => {
  const refusal = { status: 400, body: '<html>Bad Request</html>' };
  const checked = await runChecked(
    {},
    {
      prepare: ({ klaviyo }) =>
        void klaviyo.faults.add({ kind: 'status', method: 'POST', path: '/api/event-bulk-create-jobs', ...refusal }),
    },
  );
  const { state, consequence } = finding(checked, 'repeated events in a bulk body');
  assert.deepEqual([state, consequence], ['unverified', 'a bulk body without repeated events is rejected as well']);
  assert.equal(finding(checked, 'repeated events named by a rejection').state, 'unverified');
});

test('a list that omits the test profile now and then does not show that a bulk import unset its property', async () => {
  const omits = { status: 200, body: { data: [] }, rate: 0.5 };
  const checked = await runChecked(
    { klaviyo: { bulkImportUnset: 'ignored' } },
    {
      prepare: ({ klaviyo }) =>
        void klaviyo.faults.add({ kind: 'status', method: 'GET', path: '/api/profiles', ...omits }),
    },
  );
  assert.notEqual(finding(checked, 'unset properties in a bulk import').found, 'applied');
});

test('the delay of queries of commercetools is measured, and so is that of Klaviyo', async () => {
  const options = { commercetools: { queryLagMs: 300 }, klaviyo: { lagMs: 200 } };
  const checked = await expectFound(options, 'delay of a query behind GET by key', /^\d+ ms$/, 'ok');
  assert.ok(Number.parseInt(finding(checked, 'delay of a query behind GET by key').found, 10) >= 250);
  assert.ok(Number.parseInt(finding(checked, 'time until a new event is listed').found, 10) >= 150);
  assert.equal(finding(checked, 'category links in an update of an item').found, 'replaced');
});

test('a catalogue job that takes longer than the limit is named, and the item that it may still create', async () => {
  const { findings, remaining } = await runChecked({ klaviyo: { jobMs: 5_000 } });
  const { found, state } = finding({ findings }, 'duration of a catalogue job');
  assert.match(found, /^more than 3 s$/);
  assert.equal(state, 'warning');
  assert.equal(remaining.length, 1);
  assert.match(remaining[0] ?? '', /^catalog item ctk-live-check-[0-9a-f]{8}-job: the job that creates it may not/);
});

test('scopes that the key or the client lacks are named with what follows', async () => {
  const checked = await runChecked({
    klaviyo: { missingScopes: ['catalogs:write', 'events:read', 'lists:write'] },
    commercetools: { scopes: ['view_customers'] },
  });
  assert.equal(finding(checked, 'Klaviyo scope catalogs:write').state, 'problem');
  assert.equal(finding(checked, 'Klaviyo scope lists:write').state, 'warning');
  assert.equal(finding(checked, 'Klaviyo scope lists:read').state, 'ok');
  const unverified = finding(checked, 'repeated events in a bulk body');
  assert.deepEqual([unverified.state, unverified.consequence], ['unverified', 'the key needs events:read']);
  const objects = finding(checked, 'version 0 for an absent custom object');
  assert.deepEqual([objects.state, objects.consequence], ['unverified', 'the client needs manage_key_value_documents']);
  assert.equal(finding(checked, 'lowercaseEmail in a predicate').found, 'accepted');
  assert.match(checked.notStored ?? '', /403/);
});
