/** Queryable fields of the objects that resources share. */

/** `value` has no fields; `any` has fields with free names, such as locales, attributes or custom fields. */
export type Fields = 'value' | 'any' | { readonly [name: string]: Fields };

export function fields(values: string, nested: Record<string, Fields> = {}): Record<string, Fields> {
  const names = values.split(/\s+/).filter((name) => name !== '');
  return { ...Object.fromEntries(names.map((name) => [name, 'value' as const])), ...nested };
}

/** Gives each of the names the same fields. */
export function each(names: string, shape: Fields): Record<string, Fields> {
  return Object.fromEntries(names.split(' ').map((name) => [name, shape]));
}

export const REFERENCE = fields('typeId id');
export const KEY_REFERENCE = fields('typeId key');
export const CENT_MONEY = fields('type currencyCode centAmount fractionDigits');
export const MONEY = { ...CENT_MONEY, ...fields('preciseAmount') };
export const CUSTOM = { custom: { type: REFERENCE, fields: 'any' as const } };
const AUTHOR = each('createdBy lastModifiedBy', {
  ...fields('clientId externalUserId anonymousId'),
  ...each('customer associate', REFERENCE),
  attributedTo: fields('clientId source'),
});

/** A resource with the fields that all of them have. */
export function resource(values: string, nested: Record<string, Fields> = {}): Record<string, Fields> {
  return { ...fields(`id version createdAt lastModifiedAt ${values}`), ...AUTHOR, ...nested };
}

export const ADDRESS = fields(
  `id key title salutation firstName lastName streetName streetNumber additionalStreetInfo postalCode city region state
   country company department building apartment pOBox phone mobile email fax additionalAddressInfo externalId`,
  CUSTOM,
);
export const DISCOUNTED = { value: MONEY, discount: REFERENCE };
export const TIERS = { tiers: fields('minimumQuantity', { value: MONEY }) };
export const PRICE_SCOPE = each('customerGroup channel recurrencePolicy', REFERENCE);
export const PRICE = fields('id key country validFrom validUntil', {
  ...CUSTOM,
  ...PRICE_SCOPE,
  ...TIERS,
  value: MONEY,
  discounted: DISCOUNTED,
});
export const ASSET = fields('id key tags', {
  ...CUSTOM,
  ...each('name description', 'any'),
  sources: fields('uri key contentType', { dimensions: fields('w h') }),
});
const ATTRIBUTE = fields('name', { value: 'any' });
export const VARIANT = fields('id sku key', {
  prices: PRICE,
  price: PRICE,
  attributes: ATTRIBUTE,
  images: fields('url label', { dimensions: fields('w h') }),
  assets: ASSET,
  availability: fields('id version isOnStock availableQuantity restockableInDays', { channels: 'any' }),
  recurrencePrices: PRICE,
});
export const REVIEW_RATINGS = fields('averageRating highestRating lowestRating count', { ratingsDistribution: 'any' });
const PRODUCT_TEXTS = each(
  'name description slug metaTitle metaDescription metaKeywords searchKeywords categoryOrderHints',
  'any',
);
export const PRODUCT_DATA: Record<string, Fields> = {
  ...PRODUCT_TEXTS,
  categories: REFERENCE,
  masterVariant: VARIANT,
  variants: VARIANT,
  attributes: ATTRIBUTE,
};
export const PRODUCT_LINKS = {
  ...each('productType taxCategory state', REFERENCE),
  reviewRatingStatistics: REVIEW_RATINGS,
};

/** Returns the fields below a field, or undefined if the field does not exist. */
export function fieldIn(fields: Fields, name: string): Fields | undefined {
  if (fields === 'any') return 'any';
  return fields !== 'value' && Object.hasOwn(fields, name) ? fields[name] : undefined;
}
