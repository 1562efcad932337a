/** Share of a line item's price, so that the shares of all its pieces add up to the price to the minor unit. */
import type { Money } from '../../commercetools/schema-fields.ts';
import type { Order } from '../../commercetools/schemas.ts';

/** Pieces of a line item or custom line item that belong to a delivery, a parcel or a return. */
export interface Pieces {
  lineId: string;
  quantity: number;
  /** How many pieces of the line are in earlier deliveries or returns. */
  before: number;
}

export type OrderedLine = Pick<Order['lineItems'][number], 'id' | 'quantity' | 'totalPrice' | 'name'>;

export function linesById({ lineItems, customLineItems }: Order): Map<string, OrderedLine> {
  const lines: OrderedLine[] = [...lineItems, ...customLineItems];
  return new Map(lines.flatMap((line) => (line.id === undefined ? [] : [[line.id, line]])));
}

/** Numbers the pieces of several lists of items consecutively for each line. Quantities that are no whole number count as 0. */
export function consecutivePieces(
  lists: readonly (readonly { lineId: string | undefined; quantity: number | undefined }[])[],
): Pieces[][] {
  const counted = new Map<string, number>();
  return lists.map((items) =>
    items.flatMap(({ lineId, quantity = 0 }) => {
      if (lineId === undefined || !Number.isSafeInteger(quantity) || quantity <= 0) return [];
      const before = counted.get(lineId) ?? 0;
      counted.set(lineId, before + quantity);
      return [{ lineId, quantity, before }];
    }),
  );
}

/** Returns what the pieces cost after all discounts of their lines, in the currency of the order. */
export function priceOf(pieces: readonly Pieces[], order: Order): Money {
  const { currencyCode, type, fractionDigits } = order.totalPrice;
  const lines = linesById(order);
  const cents = pieces.reduce((sum, { lineId, quantity, before }) => {
    const line = lines.get(lineId);
    if (line?.totalPrice?.currencyCode !== currencyCode) return sum;
    return sum + centsUpTo(before + quantity, line) - centsUpTo(before, line);
  }, 0);
  const digits = type === 'highPrecision' || fractionDigits === undefined ? {} : { fractionDigits };
  return { type: 'centPrecision', currencyCode, centAmount: cents, ...digits };
}

/** Returns the price of the first pieces of a line, rounded down. Pieces beyond its quantity cost nothing. */
function centsUpTo(count: number, { quantity = 0, totalPrice }: OrderedLine): number {
  const cents = totalPrice?.centAmount ?? 0;
  if (!Number.isSafeInteger(cents) || !Number.isSafeInteger(quantity) || quantity <= 0) return 0;
  return Number((BigInt(cents) * BigInt(Math.min(count, quantity))) / BigInt(quantity));
}
