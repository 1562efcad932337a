/** Customers of orders, without what orders do not need. Cached for ten minutes in a run, for a minute in realtime. */
import { createLruCache } from '../../lib/lru-cache.ts';
import { CommercetoolsError } from '../errors.ts';
import type { Customer } from '../schemas.ts';
import type { LookupById, OrderCustomer, OrderCustomerOptions } from './types.ts';

const realtimeTtlMs = 60_000;
const runTtlMs = 600_000;
const maxCached = 20_000;

/**
 * @param byId the batched lookup. A customer that a query lacks is read by id: only a 404 says that it was deleted
 * @returns the lookup `orderCustomer`, and `note` for a customer that was read otherwise: realtime then knows it too
 */
export function createOrderCustomers(byId: LookupById<Customer>) {
  const cache = createLruCache<string, OrderCustomer | 'deleted'>({ max: maxCached });
  const keyOf = (id: string, run = '') => `${run}|${id}`;

  async function orderCustomer(
    id: string,
    { run, fresh = false }: OrderCustomerOptions = {},
  ): Promise<OrderCustomer | 'deleted' | 'forbidden'> {
    const key = keyOf(id, run);
    const cached = fresh ? undefined : cache.get(key);
    if (cached) return cached === 'deleted' ? cached : { ...cached, cached: true };
    const found = await byId(id, 0).catch((thrown: unknown) => {
      if (thrown instanceof CommercetoolsError && thrown.type === 'forbidden') return 'forbidden' as const;
      throw thrown;
    });
    if (found === 'forbidden') return found;
    const customer = found ? toOrderCustomer(found) : 'deleted';
    cache.set(key, customer, { ttl: run === undefined ? realtimeTtlMs : runTtlMs });
    return customer;
  }

  return {
    orderCustomer,
    note(customer: Customer): void {
      cache.set(keyOf(customer.id), toOrderCustomer(customer), { ttl: realtimeTtlMs });
    },
  };
}

export function toOrderCustomer({ id, email, createdAt, stores, addresses }: Customer): OrderCustomer {
  return { id, email, createdAt, stores, hasAddress: addresses.length > 0, cached: false };
}
