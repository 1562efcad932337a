/** Fields of carts and their replicas that the engine lacks. https://docs.commercetools.com/api/projects/carts */
import { type ApiRecord, isObject, type JsonObject, listField, numberField, textField } from './json.ts';

type FullCart = ApiRecord & JsonObject;

/**
 * Returns the cart whose line items say when they were added and last changed.
 * @param before the cart before the change; undefined for a new one
 */
export function withLineTimes(cart: FullCart, before: unknown): FullCart {
  const known = new Map(
    listField(before, 'lineItems').map((line) => [textField(line, 'id'), isObject(line) ? line : undefined]),
  );
  const lineItems = listField(cart, 'lineItems').map((line) => {
    if (!isObject(line)) return line;
    const { lastModifiedAt: now } = cart;
    const old = known.get(textField(line, 'id'));
    const isSame = old !== undefined && numberField(old, 'quantity') === numberField(line, 'quantity');
    return {
      ...line,
      addedAt: textField(old, 'addedAt') ?? textField(line, 'addedAt') ?? now,
      lastModifiedAt: (isSame ? textField(old, 'lastModifiedAt') : undefined) ?? now,
    };
  });
  return { ...cart, lineItems };
}

/** Returns the replica without what the engine copies and the API does not: payments and the delivery. */
export function asReplica(cart: FullCart): FullCart {
  const { shippingInfo: _shippingInfo, shippingAddress: _shippingAddress, paymentInfo: _paymentInfo, ...copied } = cart;
  const { id, version, createdAt, lastModifiedAt } = cart;
  return { ...copied, id, version, createdAt, lastModifiedAt };
}
