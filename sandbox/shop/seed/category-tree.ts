/** Category tree of about forty categories, four levels deep. */
import type { Category } from '@commercetools/platform-sdk';
import { category } from './builders.ts';
import { idOf } from './random.ts';

interface Tree {
  readonly [names: string]: Tree;
}

/** Names as "English|Deutsch". Two branches share names on purpose, so that breadcrumbs must distinguish them. */
const TREE: Tree = {
  'Women|Damen': {
    'Clothing|Kleidung': {
      'Pants|Hosen': { 'Jeans|Jeans': {}, 'Chinos|Chinos': {} },
      'Dresses|Kleider': { 'Summer dresses|Sommerkleider': {}, 'Evening dresses|Abendkleider': {} },
      'Tops|Oberteile': {},
    },
    'Shoes|Schuhe': { 'Boots|Stiefel': {}, 'Sneakers|Sneaker': {} },
    'Accessories|Accessoires': { 'Bags|Taschen': {}, 'Scarves|Schals': {} },
  },
  'Men|Herren': {
    'Clothing|Kleidung': {
      'Pants|Hosen': { 'Jeans|Jeans': {}, 'Chinos|Chinos': {} },
      'Shirts|Hemden': { 'Casual shirts|Freizeithemden': {}, 'Business shirts|Businesshemden': {} },
    },
    'Shoes|Schuhe': { 'Boots|Stiefel': {}, 'Sneakers|Sneaker': {} },
  },
  'Kids|Kinder': { 'Clothing|Kleidung': {}, 'Shoes|Schuhe': {}, 'Toys|Spielzeug': { 'Wooden toys|Holzspielzeug': {} } },
  'Home|Wohnen': { 'Kitchen|Küche': { 'Cups|Tassen': {} }, 'Textiles|Textilien': {} },
};

/** Returns the categories, parents first. */
export function categoryTree(): Category[] {
  return branch(TREE, []);
}

/** Returns the categories without children. */
export function leaves(categories: readonly Category[]): Category[] {
  const parents = new Set(categories.map((category) => category.parent?.id));
  return categories.filter((category) => !parents.has(category.id));
}

function branch(tree: Tree, path: readonly Category[]): Category[] {
  return Object.entries(tree).flatMap(([names, below], position) => {
    const own = node(names, path, position);
    return [own, ...branch(below, [...path, own])];
  });
}

function node(names: string, path: readonly Category[], position: number): Category {
  const [en = names, de = names] = names.split('|');
  const parent = path.at(-1);
  const slug = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const key = [...(parent?.key === undefined ? [] : [parent.key]), slug(en)].join('_');
  return category({
    id: idOf(`category/${key}`),
    key,
    name: { en, 'de-DE': de },
    slug: { en: key.replaceAll('_', '-'), 'de-DE': `${slug(de)}-${key.length}` },
    orderHint: `0.${position + 1}`,
    ancestors: path.map(({ id }) => ({ typeId: 'category' as const, id })),
    ...(parent === undefined ? {} : { parent: { typeId: 'category' as const, id: parent.id } }),
  });
}
