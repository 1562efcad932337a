/** Somebody who shops all day: registers, buys, pays, changes their mind. The seed decides what comes next. */
import { z } from 'zod';
import { createRandom, type Random } from '../seed/random.ts';
import type { Done } from './journal.ts';
import type { ShopApi } from './shop-api.ts';
import {
  buy,
  changeAddress,
  changeName,
  claim,
  moveOrder,
  type PostalAddress,
  pay,
  refund,
  register,
  settleRefund,
} from './shopper-actions.ts';

export interface Actor {
  /** One step; the same seed over the same shop takes the same steps. */
  act(): Promise<Done>;
}

interface Order {
  readonly id: string;
  readonly guest: boolean;
  state: 'Open' | 'Confirmed' | 'Complete' | 'Cancelled';
  paid: boolean;
  refunds: number;
}

interface Memory {
  readonly skus: readonly string[];
  readonly customers: { readonly id: string; readonly email: string }[];
  readonly orders: Order[];
  readonly pending: { readonly order: string; readonly payment: string; readonly transaction: string }[];
}

type Step = (memory: Memory) => Promise<Done> | undefined;

const variantShape = z.object({
  sku: z.string().optional(),
  prices: z.array(z.object({ value: z.object({ currencyCode: z.string() }) })).optional(),
});
const productShape = z.looseObject({
  id: z.string(),
  key: z.string().optional(),
  priceMode: z.string().optional(),
  masterVariant: variantShape.optional(),
  variants: z.array(variantShape),
});
const CITIES = ['Leipzig', 'Dresden', 'Kassel', 'Ulm'] as const;
const NAMES = ['Winter', 'Sommer', 'Herbst', 'Lenz'] as const;

/** A shopper of the shop behind the API. */
export function createShopper(api: ShopApi, seed: number): Actor {
  const random = createRandom(seed);
  let memory: Promise<Memory> | undefined;
  let count = 0;
  const deck = steps(api, random, () => `${seed}-${++count}`);
  return {
    async act() {
      memory ??= look(api);
      const known = await memory;
      for (;;) {
        // A step that is not possible yet (nothing to refund) gives way to another.
        const done = random.pick(deck)(known);
        if (done !== undefined) return done;
      }
    },
  };
}

/** Only ordinary products are bought: they have a price in EUR. */
async function look(api: ShopApi): Promise<Memory> {
  const products = await api.all('product-projections', productShape);
  const skus = products
    .filter(({ key, priceMode }) => priceMode !== 'Standalone' && key?.startsWith('product-') === true)
    .flatMap(({ masterVariant, variants }) => [masterVariant, ...variants])
    .flatMap((one) => (one?.prices?.some(({ value }) => value.currencyCode === 'EUR') === true ? (one.sku ?? []) : []));
  return { skus, customers: [], orders: [], pending: [] };
}

/** An editor may have taken some out of the shop since. */
async function onSale(api: ShopApi, skus: readonly string[]): Promise<string[]> {
  const query = new URLSearchParams({ where: 'variants(sku in :skus)' });
  for (const sku of skus) query.append('var.skus', sku);
  const { results } = await api.get(`product-projections?${query}`, z.object({ results: z.array(productShape) }));
  const there = new Set(
    results.flatMap(({ masterVariant, variants }) => [masterVariant, ...variants].map((one) => one?.sku)),
  );
  return skus.filter((sku) => there.has(sku));
}

function steps(api: ShopApi, random: Random, nextNumber: () => string): readonly [Step, ...Step[]] {
  const address = (): PostalAddress => {
    const phone = random.chance(0.5) ? { mobile: `+49151${random.between(10_000_000, 99_999_999)}` } : {};
    return { country: 'DE', city: random.pick(CITIES), streetName: 'Ring', postalCode: '04109', ...phone };
  };
  const any = <T>(list: readonly T[]): T | undefined => random.pickSome(list, 1)[0];

  const signUp = async ({ customers }: Pick<Memory, 'customers'>): Promise<Done> => {
    const email = `live-${nextNumber()}@shoppers.example`;
    const given = { email, firstName: 'Live', lastName: random.pick(NAMES) };
    const done = await register(api, random.chance(0.6) ? { ...given, address: address() } : given);
    customers.push({ id: done.ids.customer ?? '', email });
    return done;
  };
  const rename: Step = ({ customers }) => {
    const one = any(customers);
    return one && changeName(api, { customer: one.id, lastName: `${random.pick(NAMES)}-${random.between(1, 99)}` });
  };
  const move: Step = ({ customers }) => {
    const one = any(customers);
    return one && changeAddress(api, { customer: one.id, address: address() });
  };
  const order: Step = async ({ customers, orders, skus }) => {
    const buyer = random.chance(0.7) ? any(customers) : undefined;
    const number = nextNumber();
    const email = buyer?.email ?? `guest-${number}@shoppers.example`;
    const wanted = await onSale(api, random.pickSome(skus, random.between(1, 3)));
    if (wanted.length === 0) return signUp({ customers });
    const lines = wanted.map((sku) => ({ sku, quantity: random.between(1, 2) }));
    const done = await buy(api, { customer: buyer?.id, email, lines, orderNumber: `live-${number}` });
    orders.push({ id: done.ids.order ?? '', guest: buyer === undefined, state: 'Open', paid: false, refunds: 0 });
    return done;
  };
  const change =
    (from: Order['state'], to: 'Confirmed' | 'Complete' | 'Cancelled'): Step =>
    ({ orders }) => {
      const one = any(orders.filter(({ state }) => state === from));
      if (one === undefined) return undefined;
      one.state = to;
      return moveOrder(api, { order: one.id, to });
    };
  const payOne: Step = ({ orders }) => {
    const one = any(orders.filter(({ paid, state }) => !paid && state !== 'Cancelled'));
    if (one === undefined) return undefined;
    one.paid = true;
    return pay(api, { order: one.id });
  };
  const giveBack: Step = ({ orders, pending }) => {
    const one = any(orders.filter(({ paid, refunds }) => paid && refunds < 2));
    if (one === undefined) return undefined;
    one.refunds += 1;
    const state = random.chance(0.4) ? 'Pending' : 'Success';
    return refund(api, { order: one.id, share: 0.3, state }).then((done) => {
      const { payment = '', transaction = '' } = done.ids;
      if (state === 'Pending') pending.push({ order: one.id, payment, transaction });
      return done;
    });
  };
  const settle: Step = ({ pending }) => {
    const one = pending.shift();
    return one && settleRefund(api, one);
  };
  const claimOne: Step = ({ orders, customers }) => {
    const position = orders.findIndex(({ guest }) => guest);
    const [one, owner] = [orders[position], any(customers)];
    if (one === undefined || owner === undefined) return undefined;
    orders[position] = { ...one, guest: false };
    return claim(api, { order: one.id, customer: owner.id });
  };
  // What happens often is in the deck more than once.
  return [
    signUp,
    signUp,
    rename,
    move,
    order,
    order,
    order,
    order,
    change('Open', 'Confirmed'),
    change('Open', 'Confirmed'),
    change('Confirmed', 'Complete'),
    change('Open', 'Cancelled'),
    change('Confirmed', 'Cancelled'),
    payOne,
    payOne,
    giveBack,
    giveBack,
    settle,
    claimOne,
  ];
}
