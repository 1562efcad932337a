/**
 * Simulates shoppers, the back office and the warehouse: registrations, orders, payments, refunds, parcels, returns. The
 * seed determines the sequence of actions.
 */
import { z } from 'zod';
import { createRandom, type Random } from '../seed/random.ts';
import { leaveCart, restoreCart, startCheckout } from './cart-actions.ts';
import { arrive, pack, receiveReturn, requestReturn, track } from './fulfilment-actions.ts';
import type { JournalEntry } from './journal.ts';
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

/** Simulated user. */
export interface Actor {
  /** Runs one action. The same seed on the same shop produces the same sequence. */
  act(): Promise<JournalEntry>;
}

interface Order {
  readonly id: string;
  readonly guest: boolean;
  state: 'Open' | 'Confirmed' | 'Complete' | 'Cancelled';
  paid: boolean;
  refunds: number;
  parcels: 'none' | 'packed' | 'tracked' | 'arrived';
  isPacked: boolean;
  returned: 'nothing' | 'requested' | 'received';
}

interface ActorState {
  readonly skus: readonly string[];
  readonly customers: { readonly id: string; readonly email: string }[];
  readonly orders: Order[];
  /** Carts that were left. */
  readonly carts: string[];
  readonly pending: { readonly order: string; readonly payment: string; readonly transaction: string }[];
}

type Step = (state: ActorState) => Promise<JournalEntry> | undefined;

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

/** Creates a shopper. @param options `carts`: fills carts and leaves them, too */
export function createShopper(api: ShopApi, seed: number, { carts = false }: { carts?: boolean } = {}): Actor {
  const random = createRandom(seed);
  let state: Promise<ActorState> | undefined;
  let count = 0;
  const choices = steps(api, { random, nextNumber: () => `${seed}-${++count}`, carts });
  return {
    async act() {
      state ??= loadState(api);
      const current = await state;
      for (;;) {
        // Picks another action if this one is not possible yet (for example, nothing to refund).
        const entry = random.pick(choices)(current);
        if (entry !== undefined) return entry;
      }
    },
  };
}

/** Considers only generated products, which have a price in EUR. */
async function loadState(api: ShopApi): Promise<ActorState> {
  const products = await api.all('product-projections', productShape);
  const skus = products
    .filter(({ key, priceMode }) => priceMode !== 'Standalone' && key?.startsWith('product-') === true)
    .flatMap(({ masterVariant, variants }) => [masterVariant, ...variants])
    .flatMap((target) =>
      target?.prices?.some(({ value }) => value.currencyCode === 'EUR') === true ? (target.sku ?? []) : [],
    );
  return { skus, customers: [], orders: [], carts: [], pending: [] };
}

/** Returns the SKUs that are still published. An editor may have unpublished some. */
async function publishedSkus(api: ShopApi, skus: readonly string[]): Promise<string[]> {
  const query = new URLSearchParams({ where: 'variants(sku in :skus)' });
  for (const sku of skus) query.append('var.skus', sku);
  const { results } = await api.get(`product-projections?${query}`, z.object({ results: z.array(productShape) }));
  const published = new Set(
    results.flatMap(({ masterVariant, variants }) => [masterVariant, ...variants].map((target) => target?.sku)),
  );
  return skus.filter((sku) => published.has(sku));
}

interface StepOptions {
  random: Random;
  nextNumber(): string;
  carts: boolean;
}

function steps(api: ShopApi, { random, nextNumber, carts }: StepOptions): readonly [Step, ...Step[]] {
  const address = (): PostalAddress => {
    const phone = random.chance(0.5) ? { mobile: `+49151${random.between(10_000_000, 99_999_999)}` } : {};
    return { country: 'DE', city: random.pick(CITIES), streetName: 'Ring', postalCode: '04109', ...phone };
  };
  const pickAny = <T>(list: readonly T[]): T | undefined => random.pickSome(list, 1)[0];

  const signUp = async ({ customers }: Pick<ActorState, 'customers'>): Promise<JournalEntry> => {
    const email = `live-${nextNumber()}@shoppers.example`;
    const given = { email, firstName: 'Live', lastName: random.pick(NAMES) };
    const entry = await register(api, random.chance(0.6) ? { ...given, address: address() } : given);
    customers.push({ id: entry.ids.customer ?? '', email });
    return entry;
  };
  const rename: Step = ({ customers }) => {
    const target = pickAny(customers);
    return (
      target && changeName(api, { customer: target.id, lastName: `${random.pick(NAMES)}-${random.between(1, 99)}` })
    );
  };
  const move: Step = ({ customers }) => {
    const target = pickAny(customers);
    return target && changeAddress(api, { customer: target.id, address: address() });
  };
  const order: Step = async ({ customers, orders, skus }) => {
    const buyer = random.chance(0.7) ? pickAny(customers) : undefined;
    const number = nextNumber();
    const email = buyer?.email ?? `guest-${number}@shoppers.example`;
    const available = await publishedSkus(api, random.pickSome(skus, random.between(1, 3)));
    if (available.length === 0) return signUp({ customers });
    const lines = available.map((sku) => ({ sku, quantity: random.between(1, 2) }));
    const entry = await buy(api, { customer: buyer?.id, email, lines, orderNumber: `live-${number}` });
    const isNew = {
      state: 'Open',
      paid: false,
      refunds: 0,
      parcels: 'none',
      isPacked: false,
      returned: 'nothing',
    } as const;
    orders.push({ id: entry.ids.order ?? '', guest: buyer === undefined, ...isNew });
    return entry;
  };
  const change =
    (from: Order['state'], to: 'Confirmed' | 'Complete' | 'Cancelled'): Step =>
    ({ orders }) => {
      const target = pickAny(orders.filter(({ state }) => state === from));
      if (target === undefined) return undefined;
      target.state = to;
      return moveOrder(api, { order: target.id, to });
    };
  const payOrder: Step = ({ orders }) => {
    const target = pickAny(orders.filter(({ paid, state }) => !paid && state !== 'Cancelled'));
    if (target === undefined) return undefined;
    target.paid = true;
    return pay(api, { order: target.id });
  };
  const refundOrder: Step = ({ orders, pending }) => {
    const target = pickAny(orders.filter(({ paid, refunds }) => paid && refunds < 2));
    if (target === undefined) return undefined;
    target.refunds += 1;
    const state = random.chance(0.4) ? 'Pending' : 'Success';
    return refund(api, { order: target.id, share: 0.3, state }).then((entry) => {
      const { payment = '', transaction = '' } = entry.ids;
      if (state === 'Pending') pending.push({ order: target.id, payment, transaction });
      return entry;
    });
  };
  const settle: Step = ({ pending }) => {
    const target = pending.shift();
    return target && settleRefund(api, target);
  };
  const claimOrder: Step = ({ orders, customers }) => {
    const position = orders.findIndex(({ guest }) => guest);
    const [target, owner] = [orders[position], pickAny(customers)];
    if (target === undefined || owner === undefined) return undefined;
    orders[position] = { ...target, guest: false };
    return claim(api, { order: target.id, customer: owner.id });
  };
  const leave: Step = async (state) => {
    const buyer = random.chance(0.5) ? pickAny(state.customers) : undefined;
    const email = buyer?.email ?? `guest-${nextNumber()}@shoppers.example`;
    const available = await publishedSkus(api, random.pickSome(state.skus, random.between(1, 3)));
    if (available.length === 0) return signUp(state);
    const lines = available.map((sku) => ({ sku, quantity: random.between(1, 2) }));
    const entry = await leaveCart(api, { customer: buyer?.id, email, lines });
    state.carts.push(entry.ids.cart ?? '');
    return entry;
  };
  const restore: Step = (state) => {
    const cart = pickAny(state.carts);
    if (cart === undefined) return undefined;
    return restoreCart(api, { cart }).then((entry) => {
      state.carts.push(entry.ids.cart ?? '');
      return entry;
    });
  };
  const checkOut: Step = (state) => {
    const cart = pickAny(state.carts);
    return cart === undefined ? undefined : startCheckout(api, { cart });
  };
  const cartSteps = carts ? [leave, leave, leave, restore, checkOut] : [];
  // The oldest order first, so that some come to their end within a short run.
  const next =
    (isNext: (order: Order) => boolean, act: (order: Order) => Promise<JournalEntry>): Step =>
    ({ orders }) => {
      const target = orders.find(isNext);
      return target && act(target);
    };
  const packParcel = next(
    ({ state, parcels, isPacked }) => state !== 'Cancelled' && !isPacked && ['none', 'tracked'].includes(parcels),
    async (target) => {
      target.parcels = 'packed';
      const { entry, isComplete } = await pack(api, { order: target.id });
      target.isPacked = isComplete;
      return entry;
    },
  );
  const trackParcel = next(
    ({ parcels }) => parcels === 'packed',
    (target) => {
      target.parcels = 'tracked';
      return track(api, { order: target.id });
    },
  );
  const arriveAll = next(
    ({ parcels, isPacked }) => parcels === 'tracked' && isPacked,
    (target) => {
      target.parcels = 'arrived';
      return arrive(api, { order: target.id });
    },
  );
  const announceReturn = next(
    ({ parcels, returned }) => parcels === 'arrived' && returned === 'nothing',
    (target) => {
      target.returned = 'requested';
      return requestReturn(api, { order: target.id });
    },
  );
  const takeBack = next(
    ({ returned }) => returned === 'requested',
    (target) => {
      target.returned = 'received';
      return receiveReturn(api, { order: target.id });
    },
  );
  // Repeated entries are more likely.
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
    payOrder,
    payOrder,
    refundOrder,
    refundOrder,
    settle,
    claimOrder,
    ...cartSteps,
    packParcel,
    packParcel,
    packParcel,
    trackParcel,
    trackParcel,
    trackParcel,
    arriveAll,
    arriveAll,
    announceReturn,
    announceReturn,
    takeBack,
    takeBack,
  ];
}
