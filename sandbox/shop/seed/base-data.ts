/** Base data that other records refer to: channels, groups, stores, types, discounts. */
import type {
  CartDiscount,
  Channel,
  CustomerGroup,
  DiscountCode,
  ProductType,
  Store,
  TaxCategory,
  Type,
} from '@commercetools/platform-sdk';
import { money } from './money.ts';
import { idOf } from './random.ts';
import { baseFields } from './record-base.ts';

function baseRecord(name: string) {
  return { ...baseFields(), id: idOf(name) };
}

export const IDS = {
  berlin: idOf('channel/warehouse-berlin'),
  paris: idOf('channel/warehouse-paris'),
  outlet: idOf('channel/outlet'),
  vip: idOf('customer-group/vip'),
  staff: idOf('customer-group/staff'),
  customerType: idOf('type/customer-extras'),
  orderType: idOf('type/order-extras'),
  clothing: idOf('product-type/clothing'),
  taxCategory: idOf('tax-category/standard'),
  welcomeCode: idOf('discount-code/welcome10'),
  summerCode: idOf('discount-code/summer'),
  welcomeDiscount: idOf('cart-discount/welcome'),
  productDiscount: idOf('product-discount/sale'),
  lineState: idOf('state/line-initial'),
} as const;

/** Records by resource type. */
export interface BaseData {
  readonly channel: readonly Channel[];
  readonly 'customer-group': readonly CustomerGroup[];
  readonly store: readonly Store[];
  readonly type: readonly Type[];
  readonly 'product-type': readonly ProductType[];
  readonly 'tax-category': readonly TaxCategory[];
  readonly 'cart-discount': readonly CartDiscount[];
  readonly 'discount-code': readonly DiscountCode[];
}

/** Returns the base data of every seeded shop. */
export function baseData(): BaseData {
  return {
    channel: [
      {
        ...baseRecord('channel/warehouse-berlin'),
        key: 'warehouse-berlin',
        roles: ['InventorySupply'],
        name: { en: 'Warehouse Berlin' },
      },
      {
        ...baseRecord('channel/warehouse-paris'),
        key: 'warehouse-paris',
        roles: ['InventorySupply'],
        name: { en: 'Warehouse Paris' },
      },
      { ...baseRecord('channel/outlet'), key: 'outlet', roles: ['ProductDistribution'], name: { en: 'Outlet' } },
    ],
    'customer-group': [
      { ...baseRecord('customer-group/vip'), key: 'vip', name: 'VIP' },
      { ...baseRecord('customer-group/staff'), key: 'staff', name: 'Staff' },
    ],
    store: ['berlin', 'paris'].map((key) => ({
      ...baseRecord(`store/${key}`),
      key,
      name: { en: `Store ${key}` },
      storefront: { orderUrlTemplate: `https://${key}.example/orders/{orderId}` },
      languages: ['en'],
      countries: [],
      distributionChannels: [],
      supplyChannels: [],
      productSelections: [],
    })),
    type: types(),
    'product-type': [
      {
        ...baseRecord('product-type/clothing'),
        key: 'clothing',
        name: 'Clothing',
        description: 'Things to wear',
        attributes: [],
      },
    ],
    'tax-category': [
      {
        ...baseRecord('tax-category/standard'),
        key: 'standard',
        name: 'Standard',
        rates: [{ id: 'tax-de', name: '19% incl.', amount: 0.19, includedInPrice: true, country: 'DE', subRates: [] }],
      },
    ],
    'cart-discount': [cartDiscount()],
    'discount-code': [discountCode('welcome10', 'WELCOME10'), discountCode('summer', 'Sommer-☀️')],
  };
}

function types(): Type[] {
  const string = { name: 'String' } as const;
  const field = (name: string, label: string) => ({
    name,
    label: { en: label },
    type: string,
    required: false,
    inputHint: 'SingleLine' as const,
  });
  return [
    {
      ...baseRecord('type/customer-extras'),
      key: 'customer-extras',
      name: { en: 'Customer extras' },
      resourceTypeIds: ['customer'],
      fieldDefinitions: [field('loyaltyTier', 'Loyalty tier'), field('favouriteColour', 'Favourite colour')],
    },
    {
      ...baseRecord('type/order-extras'),
      key: 'order-extras',
      name: { en: 'Order extras' },
      resourceTypeIds: ['order'],
      fieldDefinitions: [field('giftMessage', 'Gift message'), field('reason', 'Reason')],
    },
  ];
}

function cartDiscount(): CartDiscount {
  return {
    ...baseRecord('cart-discount/welcome'),
    key: 'welcome',
    name: { en: 'Welcome' },
    value: { type: 'absolute', money: [money(500)] },
    cartPredicate: '1 = 1',
    target: { type: 'totalPrice' },
    sortOrder: '0.5',
    isActive: true,
    stores: [],
    requiresDiscountCode: true,
    references: [],
    stackingMode: 'Stacking',
    recurringOrderScope: { type: 'AnyOrder' },
  };
}

function discountCode(key: string, code: string): DiscountCode {
  return {
    ...baseRecord(`discount-code/${key}`),
    key,
    code,
    name: { en: code },
    cartDiscounts: [{ typeId: 'cart-discount', id: IDS.welcomeDiscount }],
    stores: [],
    isActive: true,
    references: [],
    groups: [],
  };
}
