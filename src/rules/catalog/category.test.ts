import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  categories,
  category,
  changeDelivery,
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  lookupsIn,
  mappedOutput,
  reference,
  run,
  settings,
  skipReason,
} from '../../../test/fixtures/index.ts';

const rule = 'category';
const english = settings({}, { preferredLocale: 'en-US' });
const ref = (own: string) => reference('category', id(own));
const updated = (own: string) => changeDelivery('ResourceUpdated', ref(own));
const lookups = lookupsIn({ categories: categories() });

test('a category is named by its breadcrumb from the root', async () => {
  const evaluated = await evaluateMessage(delivery('CategoryCreated', ref('ca3')), {
    rule,
    lookups,
    settings: english,
  });
  assert.deepEqual(mappedOutput(evaluated).changes, [
    { type: 'category', category: { external_id: id('ca3'), name: 'Women > Pants > Jeans' } },
  ]);
});

test('a category without a name is named by its slug, its key or its id', async () => {
  const nameOf = async (overrides: Record<string, unknown>) => {
    const evaluated = await evaluateRecords([category(overrides)], {
      rule,
      lookups: lookupsIn({}),
      settings: english,
      cause: run,
    });
    const [change] = mappedOutput(evaluated).changes;
    return change?.type === 'category' && change.category.name;
  };
  assert.equal(await nameOf({ name: {} }), 'women');
  assert.equal(await nameOf({ name: {}, slug: {}, key: 'k' }), 'k');
  assert.equal(await nameOf({ name: {}, slug: {}, key: undefined }), id('ca1'));
});

test('an update is followed up by the categories below and the products of all of them', async () => {
  const { followUps } = mappedOutput(await evaluateMessage(updated('ca1'), { rule, lookups, settings: english }));
  assert.deepEqual(
    followUps.map(({ resource, where }) => [resource, where]),
    [
      ['categories', `id in ("${id('ca2')}", "${id('ca3')}")`],
      ['products', `masterData(current(categories(id in ("${id('ca1')}", "${id('ca2')}", "${id('ca3')}"))))`],
    ],
  );
});

test('an update of a category without children is followed up by its products only', async () => {
  const { followUps } = mappedOutput(await evaluateMessage(updated('ca4'), { rule, lookups, settings: english }));
  assert.deepEqual(
    followUps.map(({ resource }) => resource),
    ['products'],
  );
});

test('more descendants than fit into a query are split into several follow-ups', async () => {
  const children = Array.from({ length: 250 }, (_, index) =>
    category({ id: `child-${index}`, parent: ref('ca1'), ancestors: [ref('ca1')] }),
  );
  const wide = lookupsIn({ categories: [category(), ...children] });
  const { followUps } = mappedOutput(await evaluateMessage(updated('ca1'), { rule, lookups: wide, settings: english }));
  assert.deepEqual(
    followUps.map(({ resource }) => resource),
    [...['categories', 'categories', 'categories'], ...['products', 'products', 'products']],
  );
  for (const { where } of followUps) assert.ok(where.split(',').length <= 100);
});

test('neither a run nor a new category has follow-ups', async () => {
  const inRun = await evaluateRecords(categories(), { rule, lookups, settings: english, cause: run });
  for (const evaluated of inRun) assert.deepEqual(evaluated.outcome === 'mapped' && evaluated.output.followUps, []);
  const created = await evaluateMessage(delivery('CategoryCreated', ref('ca1')), { rule, lookups, settings: english });
  assert.deepEqual(mappedOutput(created).followUps, []);
});

test('the category that was read replaces an older version in the tree', async () => {
  const renamed = {
    ...lookups,
    category: lookupsIn({ categories: [category({ name: { 'en-US': 'Ladies' } })] }).category,
  };
  const [change] = mappedOutput(
    await evaluateMessage(updated('ca1'), { rule, lookups: renamed, settings: english }),
  ).changes;
  assert.deepEqual(change?.type === 'category' && change.category.name, 'Ladies');
});

test('a deleted category is deleted in Klaviyo; one that no longer exists when it is read is skipped', async () => {
  const deleted = await evaluateMessage(changeDelivery('ResourceDeleted', ref('ca1')), {
    rule,
    lookups: lookupsIn({}),
  });
  assert.deepEqual(mappedOutput(deleted).changes, [{ type: 'delete', recordType: 'category', externalId: id('ca1') }]);
  const forged = await evaluateMessage(changeDelivery('ResourceDeleted', ref('ca1')), {
    rule,
    lookups: lookupsIn({ categories: categories() }),
  });
  assert.equal(mappedOutput(forged).changes[0]?.type, 'category', 'the message alone is no proof');
  assert.equal(
    skipReason(await evaluateMessage(updated('ca1'), { rule, lookups: lookupsIn({}) })),
    'the category no longer exists',
  );
});
