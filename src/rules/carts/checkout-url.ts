/** The link of a cart's events, by which a shopper comes back to it: `carts.url`. */
import type { Cart } from '../../commercetools/cart-schemas.ts';
import { millisecondsOf } from '../fields/time.ts';
import { filledUrl, languageOf } from '../fields/url.ts';
import type { RuleSettings } from '../settings.ts';

const dayMs = 24 * 60 * 60 * 1_000;

/** Returns the link, or undefined without a template or if one of its variables has no value. The same cart has the same link. */
export function checkoutUrl(cart: Cart, settings: RuleSettings): string | undefined {
  const { url, linkDays } = settings.carts;
  if (url === '') return undefined;
  const { id, key, store, locale, country, lastModifiedAt } = cart;
  const expiresAt = new Date(millisecondsOf(lastModifiedAt) + linkDays * dayMs);
  return filledUrl(url, {
    ...{ cartId: id, cartKey: key, storeKey: store?.key, locale, language: languageOf(locale), country },
    token: Number.isNaN(expiresAt.getTime()) ? undefined : settings.signCartId?.(id, expiresAt),
  });
}
