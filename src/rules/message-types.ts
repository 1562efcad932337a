/**
 * All message types of the resources that rules can be about, to recognise a misspelled one in the settings: commercetools
 * refuses a subscription that names an unknown type. https://docs.commercetools.com/api/projects/messages
 */
import type { ResourceTypeId } from '../commercetools/message-types.ts';

const customTypeChanges = ['CustomTypeSet', 'CustomTypeRemoved'];
const customFieldChanges = ['CustomFieldAdded', 'CustomFieldChanged', 'CustomFieldRemoved', ...customTypeChanges];

/** @param suffixes what follows the prefix, separated by white space */
function typesOf(prefix: string, suffixes: string): string[] {
  return suffixes
    .trim()
    .split(/\s+/)
    .map((suffix) => `${prefix}${suffix}`);
}

function customFieldsOf(prefix: string): string[] {
  return customFieldChanges.map((suffix) => `${prefix}${suffix}`);
}

const allMessageTypes: Readonly<Record<ResourceTypeId, readonly string[]>> = {
  cart: [],
  category: typesOf('Category', 'Created SlugChanged'),
  customer: [
    ...typesOf(
      'Customer',
      `Created Deleted EmailChanged EmailVerified PasswordUpdated FirstNameSet LastNameSet TitleSet CompanyNameSet
       DateOfBirthSet ExternalIdSet StoresSet AddressAdded AddressChanged AddressRemoved BillingAddressAdded
       BillingAddressRemoved ShippingAddressAdded ShippingAddressRemoved DefaultBillingAddressSet
       DefaultShippingAddressSet GroupSet GroupAssignmentAdded GroupAssignmentRemoved GroupAssignmentsSet`,
    ),
    ...customFieldsOf('Customer'),
    ...customFieldsOf('CustomerAddress'),
  ],
  'customer-group': customFieldsOf('CustomerGroup'),
  'inventory-entry': typesOf(
    'InventoryEntry',
    'Created Deleted QuantitySet OutOfStock ReorderPoint SafetyStock ReservationExpirationInMinutesSet',
  ),
  order: [
    ...typesOf(
      'Order',
      `Created CreatedFromRecurringOrder Imported Deleted EditApplied StateChanged StateTransition ShipmentStateChanged
       PaymentStateChanged ReturnShipmentStateChanged PaymentAdded PaymentRemoved CustomerSet CustomerEmailSet
       CustomerGroupSet BillingAddressSet ShippingAddressSet ShippingInfoSet ShippingRateInputSet StoreSet
       BusinessUnitSet PurchaseOrderNumberSet EstimatedDeliverySet DiscountCodeAdded DiscountCodeRemoved
       DiscountCodeStateSet LineItemAdded LineItemRemoved LineItemDiscountSet LineItemDistributionChannelSet
       CustomLineItemAdded CustomLineItemRemoved CustomLineItemDiscountSet CustomLineItemQuantityChanged`,
    ),
    ...customFieldsOf('Order'),
    ...typesOf('', 'LineItemStateTransition CustomLineItemStateTransition ReturnInfoAdded ReturnInfoSet'),
    ...typesOf('Delivery', 'Added Removed AddressSet ItemsUpdated'),
    ...customFieldsOf('Delivery'),
    ...typesOf('Parcel', 'AddedToDelivery RemovedFromDelivery ItemsUpdated MeasurementsUpdated TrackingDataUpdated'),
  ],
  payment: [
    ...typesOf(
      'Payment',
      `Created InteractionAdded InterfaceIdSet StatusInterfaceCodeSet StatusStateTransition TransactionAdded
       TransactionInterfaceIdSet TransactionStateChanged`,
    ),
    ...typesOf('PaymentMethodInfo', 'InterfaceSet InterfaceAccountSet MethodSet NameSet TokenSet'),
    ...customFieldsOf('PaymentMethodInfo'),
  ],
  product: [
    ...typesOf(
      'Product',
      `Created Deleted Published Unpublished SlugChanged StateTransition RevertedStagedChanges ImageAdded AddedToCategory
       RemovedFromCategory VariantAdded VariantDeleted`,
    ),
    ...typesOf(
      'ProductPrice',
      `Added Changed Removed KeySet ModeSet DiscountsSet ExternalDiscountSet CustomFieldAdded CustomFieldChanged
       CustomFieldRemoved CustomFieldsSet CustomFieldsRemoved`,
    ),
    'ProductPricesSet',
  ],
  review: typesOf('Review', 'Created RatingSet StateTransition'),
  'standalone-price': typesOf(
    'StandalonePrice',
    `Created Deleted ActiveChanged ValueChanged DiscountSet ExternalDiscountSet KeySet StagedChangesApplied
     StagedChangesRemoved TierAdded TierRemoved TiersSet ValidFromSet ValidUntilSet ValidFromAndUntilSet`,
  ),
};

export const subscribedTypeIds: readonly string[] = Object.keys(allMessageTypes);

/** @returns every message type that a subscription to this resource may name */
export function messageTypesOf(typeId: ResourceTypeId): readonly string[] {
  return allMessageTypes[typeId];
}
