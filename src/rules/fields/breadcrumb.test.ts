import assert from 'node:assert/strict';
import { test } from 'node:test';
import { categories, id } from '../../../test/fixtures/index.ts';
import { categoryTree } from '../../commercetools/lookups/category-tree.ts';
import { categorySchema } from '../../commercetools/schemas.ts';
import { breadcrumb, categoryNames } from './breadcrumb.ts';

const tree = categoryTree(categories().map((record) => categorySchema.parse(record)));

test('a breadcrumb starts at the root and uses the preferred language', () => {
  assert.equal(breadcrumb(tree.path(id('ca3')), 'en-US'), 'Women > Pants > Jeans');
  assert.equal(breadcrumb(tree.path(id('ca3')), 'de'), 'Damen > Hosen > Jeans');
});

test('the levels of several categories are distinct and in sequence', () => {
  assert.deepEqual(categoryNames([id('ca3'), id('ca4'), id('ca2'), id('dead')], tree, 'en-US'), [
    'Women',
    'Women > Pants',
    'Women > Pants > Jeans',
    'Sale',
  ]);
});
