/**
 * `POST /login`: the anonymous cart of a customer who signs in becomes the customer's, or is merged into the cart that the
 * customer has. https://docs.commercetools.com/api/projects/customers#authenticate-sign-in-customer
 */
import { randomUUID } from 'node:crypto';
import type { Change } from './changes.ts';
import {
  type ApiRecord,
  at,
  field,
  isObject,
  isRecord,
  type JsonObject,
  listField,
  numberField,
  textField,
} from './json.ts';
import type { Records } from './records.ts';
import { errorResponse, type HttpResponse } from './responses.ts';

type FullRecord = ApiRecord & JsonObject;

export interface SignIn {
  readonly customer: ApiRecord;
  /** The customer's cart afterwards. */
  readonly cart: ApiRecord | undefined;
  readonly changes: readonly Change[];
}

/** Returns what a sign-in changes, or the error. The sandbox knows no passwords. */
export function signIn(records: Records, body: unknown): SignIn | HttpResponse {
  const [customer] = records.findBy('customer', 'email', textField(body, 'email') ?? '');
  if (customer === undefined)
    return errorResponse(400, 'InvalidCredentials', 'Account with the given credentials not found.');
  const existing = records.all('cart').find((cart) => isActive(cart) && textField(cart, 'customerId') === customer.id);
  const anonymousId = textField(field(body, 'anonymousCart'), 'id') ?? textField(body, 'anonymousCartId');
  const anonymous = records.get('cart', anonymousId ?? '');
  if (!isRecord(anonymous) || !isActive(anonymous)) return { customer, cart: existing, changes: [] };
  const isMerged = isRecord(existing) && textField(body, 'anonymousCartSignInMode') !== 'UseAsNewActiveCustomerCart';
  if (!isMerged) {
    const owner = { customerId: customer.id, customerEmail: textField(customer, 'email') };
    const cart = changed(anonymous, owner);
    return { customer, cart, changes: [{ typeId: 'cart', before: anonymous, after: cart }] };
  }
  const cart = changed(existing, withLinesOf(existing, anonymous));
  return {
    customer,
    cart,
    changes: [
      { typeId: 'cart', before: anonymous, after: changed(anonymous, { cartState: 'Merged' }) },
      { typeId: 'cart', before: existing, after: cart },
    ],
  };
}

function isActive(cart: unknown): boolean {
  return textField(cart, 'cartState') === 'Active';
}

function changed(record: FullRecord, fields: JsonObject): FullRecord {
  const { id, createdAt, version } = record;
  return { ...record, ...fields, id, createdAt, version: version + 1, lastModifiedAt: new Date().toISOString() };
}

/** Copied lines are new ones: nothing says that they keep the time at which they were added. */
function withLinesOf(cart: FullRecord, other: FullRecord): JsonObject {
  const own = listField(cart, 'lineItems').filter(isObject);
  const variantOf = (line: JsonObject) => `${line.productId} ${at(line, 'variant', 'id')}`;
  const known = new Set(own.map(variantOf));
  const now = new Date().toISOString();
  const copied = listField(other, 'lineItems')
    .filter(isObject)
    .filter((line) => !known.has(variantOf(line)))
    .map((line) => ({ ...line, id: randomUUID(), addedAt: now, lastModifiedAt: now }));
  const lineItems = [...own, ...copied];
  const centAmount = lineItems.reduce(
    (sum, line) => sum + (numberField(field(line, 'totalPrice'), 'centAmount') ?? 0),
    0,
  );
  return { lineItems, totalPrice: { ...Object(cart.totalPrice), centAmount } };
}
