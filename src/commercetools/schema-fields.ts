/** Fields that schemas of several resources of commercetools share. https://docs.commercetools.com/api/types */
import { z } from 'zod';

export const text = z.string();
/**
 * An e-mail without white space at its ends and without invisible characters: a byte order mark or a zero-width space, which
 * copies from documents and CSV files bring along, makes it another address for Klaviyo.
 */
export const email = text.transform((raw) =>
  raw.replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').trim(),
);

export const localized = z.record(z.string(), z.string());
/** Text by locale. Any locale may be missing or empty. */
export type LocalizedString = z.infer<typeof localized>;

export const reference = z.looseObject({ typeId: text.optional(), id: text });

export const money = z.looseObject({
  type: text.optional(),
  currencyCode: text,
  centAmount: z.number(),
  /** Digits of the minor unit: EUR 2, JPY 0, KWD 3. With highPrecision the digits of `preciseAmount`. */
  fractionDigits: z.number().int().min(0).max(20).optional(),
  preciseAmount: z.number().optional(),
});
export type Money = z.infer<typeof money>;

export const customFields = z.looseObject({
  type: reference.optional().catch(undefined),
  fields: z.record(z.string(), z.unknown()).optional(),
});
export type CustomFields = z.infer<typeof customFields>;

/** @param field the schema of each field */
export function addressOf<Field extends z.ZodType>(field: Field) {
  return z.looseObject({
    id: field,
    title: field,
    firstName: field,
    lastName: field,
    streetName: field,
    streetNumber: field,
    additionalStreetInfo: field,
    postalCode: field,
    city: field,
    region: field,
    state: field,
    country: field,
    company: field,
    building: field,
    apartment: field,
    phone: field,
    mobile: field,
    additionalAddressInfo: field,
  });
}

export const address = addressOf(text.optional());
export type Address = z.infer<typeof address>;

/** Optional part of a record; a malformed one counts as absent. */
export const lenient = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);

export const lenientText = lenient(text);
export const lenientNames = localized.default({}).catch({});

/** Discounts of a price, without those of the product. https://docs.commercetools.com/api/types#discountedlineitemprice */
export const cartDiscounted = lenient(
  z.looseObject({ includedDiscounts: lenient(z.array(lenient(z.looseObject({ discountedAmount: money })))) }),
);
export type CartDiscounted = z.infer<typeof cartDiscounted>;
export const discountedPricePerQuantity = lenient(
  z.array(lenient(z.looseObject({ quantity: z.number(), discountedPrice: cartDiscounted }))),
);
