/** Actions of shoppers who fill a cart and leave it. */
import { z } from 'zod';
import type { JournalEntry } from './journal.ts';
import { type ShopApi, versioned } from './shop-api.ts';

/** Fills a cart up to the e-mail, and leaves it. */
export async function leaveCart(
  api: ShopApi,
  {
    customer,
    email,
    lines,
  }: { customer?: string | undefined; email: string; lines: readonly { sku: string; quantity: number }[] },
): Promise<JournalEntry> {
  const buyer = { customerEmail: email, ...(customer === undefined ? {} : { customerId: customer }) };
  const cart = await api.post('carts', { currency: 'EUR', country: 'DE', ...buyer, lineItems: lines }, versioned);
  const description = `a ${customer === undefined ? 'guest' : 'customer'} leaves a cart of ${lines.length} line(s)`;
  return { action: 'leaveCart', description, ids: { cart: cart.id } };
}

/** Comes back to a cart that was left: the shop front copies it. */
export async function restoreCart(api: ShopApi, { cart }: { cart: string }): Promise<JournalEntry> {
  const replica = await api.post('carts/replicate', { reference: { typeId: 'cart', id: cart } }, versioned);
  return { action: 'restoreCart', description: 'a shopper restores a cart', ids: { cart: replica.id } };
}

/** Enters an address in the checkout of a cart. */
export async function startCheckout(api: ShopApi, { cart }: { cart: string }): Promise<JournalEntry> {
  const { version } = await api.get(`carts/${cart}`, versioned);
  const address = { country: 'DE', city: 'Leipzig', postalCode: '04109', streetName: 'Markt' };
  const actions = [{ action: 'setShippingAddress', address }];
  await api.post(`carts/${cart}`, { version, actions }, z.unknown());
  return { action: 'startCheckout', description: 'a shopper enters an address', ids: { cart } };
}
