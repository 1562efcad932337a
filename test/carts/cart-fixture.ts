/** A shop whose carts are changed over commercetools' API, and a service that reads them several times a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { connectShop, versioned } from '../../sandbox/shop/actors/shop-api.ts';
import { seedShop } from '../../sandbox/shop/seed/seed.ts';
import { type Json, startTestEnv, type TestEnvOptions } from '../test-env.ts';

const cartShape = versioned.extend({
  lastModifiedAt: z.string(),
  totalPrice: z.object({ centAmount: z.number() }),
  lineItems: z.array(z.object({ id: z.string(), productId: z.string(), addedAt: z.string() })),
});
export type ShopCart = z.infer<typeof cartShape>;

const eventShape = z.object({
  metric: z.string(),
  time: z.string(),
  value: z.number().nullable(),
  unique_id: z.string(),
  backfill: z.boolean(),
  profile: z.looseObject({ email: z.string().nullable(), external_id: z.string().nullable() }),
  properties: z.record(z.string(), z.unknown()),
});
export type CartEvent = z.infer<typeof eventShape>;

/** What the service logged about carts that it had read. */
const cartsLine = z.object({
  msg: z.literal('carts'),
  read: z.number(),
  delivered: z.number(),
  skipped: z.number(),
  reasons: z.record(z.string(), z.number()),
});
export type CartsLine = z.infer<typeof cartsLine>;

/** Longer than anything takes here: a test that fails must end. */
const maxWaitMs = 25_000;

export const quickWatch = { everyMs: 100, settlingMs: 0 };

/** @param options `settings.carts` without `enabled` */
export async function startCartShop({ settings = {}, overrides, ...options }: TestEnvOptions = {}) {
  const { carts = {}, ...others } = z
    .looseObject({ carts: z.record(z.string(), z.unknown()).optional() })
    .parse(settings);
  const testEnv = await startTestEnv({
    ...options,
    settings: { ...others, carts: { enabled: true, ...carts } },
    overrides: { cartWatch: quickWatch, ...overrides },
  });
  await seedShop(testEnv.shop, { customers: 0, orders: 0, products: 4, edgeCases: false });
  const api = connectShop(testEnv.shop);
  const entries = z.array(z.looseObject({ sku: z.string() })).parse(testEnv.shop.records.all('inventory-entry'));
  const skus = [...new Set(entries.map(({ sku }) => sku))];

  const linesSince = (from: number): CartsLine[] =>
    testEnv.logged.slice(from).flatMap((text) => cartsLine.safeParse(JSON.parse(text)).data ?? []);

  async function until<Value>(ask: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
    for (const startedAt = performance.now(); performance.now() - startedAt < maxWaitMs; ) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(20);
    }
    throw new Error(`it does not happen: ${ask}`);
  }

  const shop = {
    testEnv,
    api,
    skus,
    until,
    create: (fields: Json = {}): Promise<ShopCart> =>
      api.post('carts', { currency: 'EUR', country: 'DE', ...fields }, cartShape),
    async change(cart: Pick<ShopCart, 'id' | 'version'>, ...actions: Json[]): Promise<ShopCart> {
      return api.post(`carts/${cart.id}`, { version: cart.version, actions }, cartShape);
    },
    add: (cart: ShopCart, index: number, quantity = 1) =>
      shop.change(cart, { action: 'addLineItem', sku: skus[index], quantity }),
    order: ({ id, version }: ShopCart) => api.post('orders', { cart: { typeId: 'cart', id }, version }, versioned),
    events: async (metric?: string): Promise<CartEvent[]> =>
      z.array(eventShape).parse(await testEnv.events(metric === undefined ? {} : { metric })),
    /** @returns what was read from now on until as many carts were read */
    async nextReads(count: number, act: () => Promise<unknown>): Promise<CartsLine[]> {
      const from = testEnv.logged.length;
      await act();
      return until(() => {
        const lines = linesSince(from);
        return lines.reduce((sum, { read }) => sum + read, 0) >= count ? lines : undefined;
      });
    },
    /** @returns how many pages of carts commercetools was asked for since */
    countReads(): () => number {
      const path = `^/${testEnv.shop.projectKey}/carts$`;
      const [fault] = testEnv.shop.faults.add({ kind: 'delay', ms: 0, method: 'GET', path });
      return () => fault?.matched ?? 0;
    },
    [Symbol.asyncDispose]: () => testEnv.stop(),
  };
  return shop;
}
export type CartShop = Awaited<ReturnType<typeof startCartShop>>;
