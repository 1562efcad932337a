/** Simulates a catalog editor. The seed determines the sequence of actions. */
import { z } from 'zod';
import { createRandom, type Random } from '../seed/random.ts';
import {
  changePrice,
  createCategory,
  createProduct,
  deleteCategory,
  deleteProduct,
  publish,
  renameCategory,
  restock,
  unpublish,
} from './editor-actions.ts';
import type { JournalEntry } from './journal.ts';
import type { ShopApi } from './shop-api.ts';
import type { Actor } from './shopper.ts';

interface ActorState {
  readonly published: string[];
  readonly unpublished: string[];
  readonly entries: readonly string[];
  readonly categories: readonly string[];
  readonly ownCategories: string[];
  readonly productType: string;
}

type Step = (state: ActorState) => Promise<JournalEntry> | undefined;

const keyed = z.looseObject({ id: z.string(), key: z.string().optional() });
const productShape = keyed.extend({
  masterData: z.object({ published: z.boolean() }),
  priceMode: z.string().optional(),
});

/** Creates an editor. */
export function createEditor(api: ShopApi, seed: number): Actor {
  const random = createRandom(seed);
  let state: Promise<ActorState> | undefined;
  let count = 0;
  const choices = steps(api, random, () => `${seed}-${++count}`);
  return {
    async act() {
      state ??= loadState(api);
      const current = await state;
      for (;;) {
        const entry = random.pick(choices)(current);
        if (entry !== undefined) return entry;
      }
    },
  };
}

/** Excludes edge cases, because tests rely on them. */
async function loadState(api: ShopApi): Promise<ActorState> {
  const ordinary = (key: string | undefined) => key?.startsWith('product-') === true;
  const products = (await api.all('products', productShape)).filter(
    (product) => ordinary(product.key) && product.priceMode !== 'Standalone',
  );
  const of = (published: boolean) =>
    products.filter((product) => product.masterData.published === published).map(({ id }) => id);
  const entries = (await api.all('inventory', keyed)).filter(({ key }) => ordinary(key)).map(({ id }) => id);
  const categories = (await api.all('categories', keyed)).map(({ id }) => id);
  const [type] = await api.all('product-types', keyed);
  return {
    published: of(true),
    unpublished: of(false),
    entries,
    categories,
    ownCategories: [],
    productType: type?.id ?? '',
  };
}

function steps(api: ShopApi, random: Random, nextNumber: () => string): readonly [Step, ...Step[]] {
  const pickAny = <T>(list: readonly T[]): T | undefined => random.pickSome(list, 1)[0];
  const take = (list: string[]): string | undefined => list.splice(random.between(0, list.length - 1), 1)[0];

  const show: Step = ({ published, unpublished }) => {
    const product = take(unpublished);
    if (product === undefined) return undefined;
    published.push(product);
    return publish(api, { product });
  };
  const hide: Step = ({ published, unpublished }) => {
    const product = take(published);
    if (product === undefined) return undefined;
    unpublished.push(product);
    return unpublish(api, { product });
  };
  const reprice: Step = ({ published }) => {
    const product = pickAny(published);
    return product === undefined ? undefined : changePrice(api, { product, factor: 0.5 + random.next() });
  };
  const refill: Step = ({ entries }) => {
    const entry = pickAny(entries);
    return entry === undefined ? undefined : restock(api, { entry, quantity: random.between(1, 30) });
  };
  const rename: Step = ({ categories }) => {
    const category = pickAny(categories);
    return category === undefined ? undefined : renameCategory(api, { category, name: `Renamed ${nextNumber()}` });
  };
  const addCategory: Step = async ({ categories, ownCategories }) => {
    const number = nextNumber();
    const entry = await createCategory(api, {
      name: `New ${number}`,
      slug: `new-${number}`,
      parent: pickAny(categories) ?? '',
    });
    ownCategories.push(entry.ids.category ?? '');
    return entry;
  };
  const dropCategory: Step = ({ ownCategories }) => {
    const category = ownCategories.shift();
    return category === undefined ? undefined : deleteCategory(api, { category });
  };
  const addProduct: Step = async ({ categories, published, productType }) => {
    const category = pickAny(categories) ?? '';
    const entry = await createProduct(api, { sku: `new-${nextNumber()}`, productType, category });
    published.push(entry.ids.product ?? '');
    return entry;
  };
  const dropProduct: Step = ({ published, unpublished }) => {
    const product = random.chance(0.5) ? take(published) : take(unpublished);
    return product === undefined ? undefined : deleteProduct(api, { product });
  };
  return [
    show,
    show,
    hide,
    reprice,
    reprice,
    refill,
    refill,
    refill,
    rename,
    addCategory,
    dropCategory,
    addProduct,
    dropProduct,
  ];
}
