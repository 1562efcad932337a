/** Builds the URLs of a product's and an order's page from templates. */
import type { LocalizedString } from '../../commercetools/schema-fields.ts';
import type { RuleSettings } from '../settings.ts';
import { cutText, localizedText, present } from './text.ts';

/** Returns the template with every `{{productSlug}}` replaced, or undefined without template or slug. */
export function productUrl(
  slug: LocalizedString | undefined,
  settings: Pick<RuleSettings, 'productUrlTemplate' | 'preferredLocale'>,
): string | undefined {
  const text = localizedText(slug, settings.preferredLocale);
  if (text === undefined || settings.productUrlTemplate === '') return undefined;
  const encoded = encodeURIComponent(text.trim().toWellFormed());
  // A function, because `$&` has a meaning in a replacement text.
  return cutText(settings.productUrlTemplate.replaceAll('{{productSlug}}', () => encoded));
}

export interface OrderUrlValues {
  orderId: string;
  orderNumber: string | undefined;
  /** A tag such as `de-DE`. */
  locale: string | undefined;
}

/**
 * Returns the template of `order.url` with each `{{orderNumber}}`, `{{orderId}}`, `{{language}}` and `{{locale}}` replaced, or
 * undefined if one of those that it contains has no value.
 */
export function orderUrl(template: string, { locale, ...ids }: OrderUrlValues): string | undefined {
  const values: Record<string, string | undefined> = { ...ids, locale, language: locale?.split(/[-_]/)[0] };
  let isComplete = true;
  const url = template.replaceAll(/\{\{(orderNumber|orderId|language|locale)\}\}/g, (_, name: string) => {
    const value = present(values[name]);
    if (value === undefined) isComplete = false;
    return encodeURIComponent(value ?? '');
  });
  return isComplete ? cutText(url) : undefined;
}

const expression = /\{([+#./;?&]?)([^{}]*)\}/g;

/**
 * Returns a URI template of RFC 6570, up to level 3, with `{orderId}` expanded; other variables are undefined and leave nothing.
 * @returns undefined if the template has no `orderId`
 */
export function orderUrlOfStore(template: string | undefined, orderId: string): string | undefined {
  let hasId = false;
  const url = template?.replaceAll(expression, (_, operator: string, names: string) => {
    if (!names.split(',').some((name) => name.replace(/(\*|:\d+)$/, '') === 'orderId')) return '';
    hasId = true;
    const value = encodeURIComponent(orderId);
    // https://datatracker.ietf.org/doc/html/rfc6570#section-3.2.1
    if (operator === ';' || operator === '?' || operator === '&') return `${operator}orderId=${value}`;
    return `${operator === '+' ? '' : operator}${value}`;
  });
  return hasId && url !== undefined ? cutText(url) : undefined;
}
