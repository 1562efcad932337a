/** Edge cases of products: texts, variants, prices and publication states. */
import type { Price, Product, ProductData, ProductVariant } from '@commercetools/platform-sdk';
import { IDS } from '../seed/base-data.ts';
import { highPrecision, money, price, product, productData, variant } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';
import { type EdgeCase, edgeCaseBuilder } from './edge-case.ts';

const edgeCase = edgeCaseBuilder('product');
const EXPIRED = { validFrom: '2020-01-01T00:00:00.000Z', validUntil: '2021-01-01T00:00:00.000Z' };
const CURRENTLY_VALID = { validFrom: '2023-01-01T00:00:00.000Z', validUntil: '2099-01-01T00:00:00.000Z' };
const NOT_YET_VALID = { validFrom: '2099-01-01T00:00:00.000Z' };

type Parts = NonNullable<Parameters<typeof product>[0]>;

function namedProduct(name: string, { data, ...fields }: Parts = {}): Product {
  return product({
    id: idOf(`product/${name}`),
    key: name,
    productType: { typeId: 'product-type', id: IDS.clothing },
    data: { ...localizedNames(name), masterVariant: singleVariant(name), ...data },
    ...fields,
  });
}

function localizedNames(name: string): Partial<ProductData> {
  return { name: { en: `Odd ${name}`, 'de-DE': `Seltsam ${name}` }, slug: { en: name, 'de-DE': `${name}-de` } };
}

function singleVariant(name: string, fields: Partial<ProductVariant> = {}): ProductVariant {
  return variant({ sku: name, prices: [namedPrice(name, 'eur')], ...fields });
}

function namedPrice(product: string, name: string, fields: Partial<Price> = {}): Price {
  return price({ id: idOf(`price/${product}/${name}`), ...fields });
}

/** Returns the product edge cases. */
export function productEdgeCases(): EdgeCase[] {
  return [...texts(), ...variants(), ...prices(), ...states()];
}

function texts(): EdgeCase[] {
  const { description: _, ...undescribed } = productData();
  const noDescription = namedProduct('no-description');
  const both = { ...undescribed, ...localizedNames('no-description'), masterVariant: singleVariant('no-description') };
  return [
    edgeCase('no-description', 'has no description', {
      ...noDescription,
      ...{ masterData: { ...noDescription.masterData, current: both, staged: both } },
    }),
    edgeCase(
      'empty-english',
      'texts that are empty in the preferred locale',
      namedProduct('empty-english', {
        data: { name: { en: '', 'de-DE': 'Nur deutsch' }, description: { en: '', 'de-DE': '' } },
      }),
    ),
    edgeCase(
      'no-english-slug',
      'no slug in the preferred locale',
      namedProduct('no-english-slug', { data: { slug: { 'de-DE': 'nur-deutsch' } } }),
    ),
    edgeCase(
      'regional-english',
      'en-GB only, where en is preferred',
      namedProduct('regional-english', {
        data: { name: { 'en-GB': 'Colour', 'de-DE': 'Farbe' }, slug: { 'en-GB': 'colour', 'de-DE': 'farbe' } },
      }),
    ),
    edgeCase(
      'five-locales',
      'texts in five locales, de and de-DE among them',
      namedProduct('five-locales', {
        data: {
          name: { en: 'Kimono', 'de-DE': 'Kimono (DE)', de: 'Kimono (deutsch)', 'fr-FR': 'Kimono (FR)', ja: '着物' },
          slug: { en: 'kimono', 'de-DE': 'kimono-de-de', de: 'kimono-de', 'fr-FR': 'kimono-fr', ja: 'kimono-ja' },
        },
      }),
    ),
    edgeCase(
      'html-description',
      'HTML and quotes in the description',
      namedProduct('html-description', { data: { description: { en: '<p>"Soft" &amp; <b>warm</b></p>\n' } } }),
    ),
    edgeCase('no-categories', 'is in no category', namedProduct('no-categories')),
    edgeCase(
      'many-categories',
      'is in two categories of different trees and in the parent of one',
      namedProduct('many-categories', {
        data: { categories: ['women_clothing_pants_jeans', 'women_clothing_pants', 'men_shoes'].map(inCategory) },
      }),
    ),
    edgeCase(
      'category-gone',
      'is in a category that does not exist',
      namedProduct('category-gone', { data: { categories: [inCategory('gone')] } }),
    ),
  ];
}

function inCategory(key: string): { typeId: 'category'; id: string } {
  return { typeId: 'category', id: idOf(`category/${key}`) };
}

function variants(): EdgeCase[] {
  const { sku: _, ...skuless } = singleVariant('no-sku');
  const modular = namedProduct('modular');
  const { masterVariant: __, ...noMaster } = modular.masterData.current;
  const { images: ___, ...bare } = singleVariant('no-images');
  return [
    edgeCase(
      'no-images',
      'has no image',
      namedProduct('no-images', { data: { masterVariant: { ...bare, images: [] } } }),
    ),
    edgeCase(
      'image-on-second',
      'only the second variant has an image',
      namedProduct('image-on-second', {
        data: {
          masterVariant: singleVariant('image-on-second', { images: [] }),
          variants: [singleVariant('image-on-second-2', { id: 2, sku: 'image-on-second-2' })],
        },
      }),
    ),
    edgeCase(
      'no-sku',
      'the master variant has no sku, the second has one',
      namedProduct('no-sku', {
        data: { masterVariant: skuless, variants: [singleVariant('no-sku', { id: 2, sku: 'no-sku-2' })] },
      }),
    ),
    edgeCase(
      'strange-sku',
      'a sku with slash, blank, colon and umlaut',
      namedProduct('strange-sku', { data: { masterVariant: singleVariant('strange-sku', { sku: 'Ä/1 2:3?x=$&#' }) } }),
    ),
    edgeCase(
      'many-variants',
      'forty variants',
      namedProduct('many-variants', {
        data: {
          masterVariant: singleVariant('many-variants', { sku: 'many-variants-1' }),
          variants: Array.from({ length: 39 }, (_unused, index) =>
            singleVariant('many-variants', { id: index + 2, sku: `many-variants-${index + 2}` }),
          ),
        },
      }),
    ),
    edgeCase('modular', 'has no master variant, as in the modular catalogue', {
      ...modular,
      ...{
        masterData: {
          ...modular.masterData,
          current: { ...noMaster, variants: [] },
          staged: { ...noMaster, variants: [] },
        },
      },
    }),
    edgeCase(
      'branded',
      'has the attribute brand',
      namedProduct('branded', {
        data: { masterVariant: singleVariant('branded', { attributes: [{ name: 'brand', value: 'Nordlicht' }] }) },
      }),
    ),
    edgeCase(
      'brand-as-enum',
      'its brand is an enum value with key and label',
      namedProduct('brand-as-enum', {
        data: {
          masterVariant: singleVariant('brand-as-enum', {
            attributes: [{ name: 'brand', value: { key: 'acme', label: 'Acme' } }],
          }),
        },
      }),
    ),
  ];
}

function prices(): EdgeCase[] {
  const withPrices = (name: string, sentence: string, list: readonly [string, Partial<Price>][]) =>
    edgeCase(
      name,
      sentence,
      namedProduct(name, {
        data: {
          masterVariant: singleVariant(name, { prices: list.map(([id, fields]) => namedPrice(name, id, fields)) }),
        },
      }),
    );
  const vip = { customerGroup: { typeId: 'customer-group' as const, id: IDS.vip } };
  const outlet = { channel: { typeId: 'channel' as const, id: IDS.outlet } };
  const sale = { typeId: 'product-discount' as const, id: IDS.productDiscount };
  return [
    withPrices('price-for-group', 'the first price is for a customer group', [
      ['vip', { value: money(900), ...vip }],
      ['all', { value: money(1000) }],
    ]),
    withPrices('price-for-channel', 'the first price is for a channel', [
      ['outlet', { value: money(500), ...outlet }],
      ['all', { value: money(1000) }],
    ]),
    withPrices('price-channel-only', 'has prices for a channel only', [['outlet', { value: money(500), ...outlet }]]),
    withPrices('price-per-country', 'a price for each country, none without', [
      ['de', { value: money(1100), country: 'DE' }],
      ['at', { value: money(1200), country: 'AT' }],
      ['us', { value: money(1300, 'USD'), country: 'US' }],
    ]),
    withPrices('price-dated', 'one price is over, one holds these days, one comes later', [
      ['over', { value: money(100), ...EXPIRED }],
      ['always', { value: money(1000) }],
      ['now', { value: money(800), ...CURRENTLY_VALID }],
      ['later', { value: money(700), ...NOT_YET_VALID }],
    ]),
    withPrices('price-expired', 'its only price is over', [['over', { value: money(100), ...EXPIRED }]]),
    withPrices('price-discounted', 'a discounted price', [
      ['eur', { value: money(2000), discounted: { value: money(1500), discount: sale } }],
    ]),
    withPrices('price-none', 'has no price', []),
    withPrices('price-dollar-only', 'has no price in the preferred currency', [['usd', { value: money(2500, 'USD') }]]),
    withPrices('price-many-currencies', 'EUR, USD, GBP, JPY without digits, KWD with three', [
      ['jpy', { value: money(3000, 'JPY') }],
      ['kwd', { value: money(7125, 'KWD') }],
      ['usd', { value: money(2500, 'USD') }],
      ['gbp', { value: money(2100, 'GBP') }],
      ['eur', { value: money(2400) }],
    ]),
    withPrices('price-high-precision', 'a price of 0.1234 EUR', [['eur', { value: highPrecision(1234, 4) }]]),
    withPrices('price-zero', 'is free', [['eur', { value: money(0) }]]),
    edgeCase(
      'price-standalone',
      'prices are kept outside; the embedded one does not count',
      namedProduct('price-standalone', {
        priceMode: 'Standalone',
        data: {
          masterVariant: singleVariant('price-standalone', {
            prices: [namedPrice('price-standalone', 'old', { value: money(1) })],
          }),
        },
      }),
    ),
  ];
}

function states(): EdgeCase[] {
  return [
    edgeCase('unpublished', 'was published once', namedProduct('unpublished', { published: false, version: 5 })),
    edgeCase(
      'never-published',
      'exists as a draft only',
      namedProduct('never-published', { published: false, staged: { name: { en: 'Draft' } } }),
    ),
    edgeCase(
      'staged-differs',
      'has changes that are not public yet',
      namedProduct('staged-differs', { staged: { name: { en: 'Not yet' }, slug: { en: 'not-yet' } } }),
    ),
    edgeCase('stock-none', 'no inventory entry: not tracked', namedProduct('stock-none')),
    edgeCase('stock-zero', 'sold out', namedProduct('stock-zero')),
    edgeCase('stock-negative', 'oversold', namedProduct('stock-negative')),
    edgeCase('stock-channels-only', 'stock in two channels, none without', namedProduct('stock-channels-only')),
    edgeCase('stock-both', 'stock without channel and in a channel', namedProduct('stock-both')),
    edgeCase('stock-reserved', 'more on the shelf than available', namedProduct('stock-reserved')),
  ];
}
