/**
 * Fields that `where` and `sort` accept, by resource, from the resources of the API reference. A name that is missing
 * here is refused, as commercetools does. https://docs.commercetools.com/api/predicates/query
 */
import { CART_OR_ORDER, CART_OR_ORDER_VALUES, TAX_RATE } from './cart-field-shapes.ts';
import {
  ADDRESS,
  ASSET,
  CENT_MONEY,
  CUSTOM,
  DISCOUNTED,
  each,
  type Fields,
  fields,
  KEY_REFERENCE,
  MONEY,
  PRICE_SCOPE,
  PRODUCT_DATA,
  PRODUCT_LINKS,
  REFERENCE,
  REVIEW_RATINGS,
  resource,
  TIERS,
} from './field-shapes.ts';

/** By type id. */
export const queryableFields: { readonly [typeId: string]: Fields } = {
  'business-unit': resource(
    `key name contactEmail status unitType storeMode associateMode approvalRuleMode shippingAddressIds
     defaultShippingAddressId billingAddressIds defaultBillingAddressId`,
    {
      ...CUSTOM,
      ...each('stores inheritedStores parentUnit topLevelUnit', KEY_REFERENCE),
      customerGroupAssignments: { customerGroup: REFERENCE },
      addresses: ADDRESS,
      associates: {
        associateRoleAssignments: { associateRole: KEY_REFERENCE, inheritance: 'value' },
        roles: 'value',
        customer: REFERENCE,
      },
      inheritedAssociates: {
        associateRoleAssignments: { associateRole: KEY_REFERENCE, source: KEY_REFERENCE },
        customer: REFERENCE,
      },
    },
  ),
  cart: resource(
    `key cartState freezeStrategy totalLineItemQuantity deleteDaysAfterLastModification ${CART_OR_ORDER_VALUES}`,
    { ...CART_OR_ORDER, lock: fields('createdAt clientId') },
  ),
  'cart-discount': resource(
    'key cartPredicate sortOrder isActive validFrom validUntil requiresDiscountCode stackingMode',
    {
      ...CUSTOM,
      ...each('name description value target recurringOrderScope', 'any'),
      ...each('references discountGroup', REFERENCE),
      stores: KEY_REFERENCE,
    },
  ),
  category: resource('key orderHint externalId', {
    ...CUSTOM,
    ...each('name slug description metaTitle metaDescription metaKeywords', 'any'),
    ...each('ancestors parent', REFERENCE),
    assets: ASSET,
  }),
  channel: resource('key roles', {
    ...CUSTOM,
    ...each('name description geoLocation', 'any'),
    address: ADDRESS,
    reviewRatingStatistics: REVIEW_RATINGS,
  }),
  // `lowercaseEmail` can be queried, but responses and the reference lack it. The switch of this name removes it.
  customer: resource(
    `key customerNumber externalId email lowercaseEmail password firstName lastName middleName title salutation
     dateOfBirth companyName vatId locale isEmailVerified authenticationMode defaultShippingAddressId
     shippingAddressIds defaultBillingAddressId billingAddressIds`,
    {
      ...CUSTOM,
      addresses: ADDRESS,
      customerGroup: REFERENCE,
      customerGroupAssignments: { customerGroup: REFERENCE },
      stores: KEY_REFERENCE,
    },
  ),
  'customer-group': resource('key name', CUSTOM),
  'discount-code': resource(
    `key code cartPredicate isActive maxApplications maxApplicationsPerCustomer groups validFrom validUntil
     applicationVersion`,
    {
      ...CUSTOM,
      ...each('name description', 'any'),
      ...each('cartDiscounts references', REFERENCE),
      stores: KEY_REFERENCE,
    },
  ),
  'inventory-entry': resource(
    `key sku quantityOnStock availableQuantity minCartQuantity maxCartQuantity restockableInDays expectedDelivery
     reservationExpirationInMinutes`,
    { ...CUSTOM, supplyChannel: REFERENCE, stockLevels: fields('reorderPoint safetyStock') },
  ),
  'key-value-document': resource('container key', { value: 'any' }),
  order: resource(
    `orderNumber orderState shipmentState paymentState completedAt lastMessageSequenceNumber ${CART_OR_ORDER_VALUES}`,
    {
      ...CART_OR_ORDER,
      ...each('cart quote recurringOrder state', REFERENCE),
      syncInfo: fields('externalId syncedAt', { channel: REFERENCE }),
      returnInfo: fields('returnTrackingId returnDate', {
        items: fields(
          'id key type quantity lineItemId customLineItemId comment shipmentState paymentState createdAt lastModifiedAt',
          CUSTOM,
        ),
      }),
    },
  ),
  payment: resource('key anonymousId externalId interfaceId authorizedUntil', {
    ...CUSTOM,
    ...each('amountAuthorized amountPaid amountRefunded', MONEY),
    amountPlanned: CENT_MONEY,
    customer: REFERENCE,
    paymentMethodInfo: fields('paymentInterface method interfaceAccount', {
      ...CUSTOM,
      name: 'any',
      token: fields('value'),
    }),
    paymentStatus: fields('interfaceCode interfaceText', { state: REFERENCE }),
    transactions: fields('id timestamp type interactionId state interfaceId', { ...CUSTOM, amount: CENT_MONEY }),
    interfaceInteractions: CUSTOM.custom,
  }),
  product: resource('key priceMode', {
    ...PRODUCT_LINKS,
    masterData: fields(
      'published hasStagedChanges',
      each('current staged', { ...PRODUCT_DATA, defaultVariant: REFERENCE }),
    ),
  }),
  'product-discount': resource('key predicate sortOrder isActive validFrom validUntil', {
    ...each('name description value', 'any'),
    references: REFERENCE,
  }),
  'product-projection': fields('id version createdAt lastModifiedAt key priceMode published hasStagedChanges', {
    ...PRODUCT_LINKS,
    ...PRODUCT_DATA,
  }),
  'product-type': resource('key name description', { attributes: 'any' }),
  'recurring-order': resource(
    'key startsAt resumesAt expiresAt lastOrderAt nextOrderAt recurringOrderState customerEmail',
    {
      ...CUSTOM,
      ...each('cart originOrder state customer', REFERENCE),
      ...each('store businessUnit', KEY_REFERENCE),
      ...each('schedule skipConfiguration', 'any'),
    },
  ),
  'shipping-method': resource('key name description active isDefault predicate carrier', {
    ...CUSTOM,
    ...each('localizedName localizedDescription zoneRates', 'any'),
    taxCategory: REFERENCE,
    stores: KEY_REFERENCE,
  }),
  'standalone-price': resource('key sku country validFrom validUntil active', {
    ...CUSTOM,
    ...PRICE_SCOPE,
    ...TIERS,
    value: MONEY,
    discounted: DISCOUNTED,
    staged: { value: MONEY, discounted: DISCOUNTED },
  }),
  state: resource('key type initial builtIn roles', { ...each('name description', 'any'), transitions: REFERENCE }),
  store: resource('key languages', {
    ...CUSTOM,
    ...each('name storefront', 'any'),
    ...each('distributionChannels supplyChannels', REFERENCE),
    countries: fields('code'),
    productSelections: fields('active', { productSelection: REFERENCE }),
  }),
  subscription: resource('key status', {
    destination: 'any',
    messages: fields('resourceTypeId types'),
    changes: fields('resourceTypeId'),
    events: fields('resourceTypeId types'),
    format: fields('type cloudEventsVersion'),
  }),
  'tax-category': resource('key name description', { rates: TAX_RATE }),
  type: resource('key resourceTypeIds', { ...each('name description fieldDefinitions', 'any') }),
  zone: resource('key name description', { locations: fields('country state') }),
};
