/**
 * Message types by the resource that a subscription names. A type that begins with the resource's name is written without
 * it. https://docs.commercetools.com/api/projects/messages
 */

function types(prefix: string, suffixes: string, others = ''): ReadonlySet<string> {
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
  return new Set([...words(suffixes).map((suffix) => `${prefix}${suffix}`), ...words(others)]);
}

const CUSTOM_TYPE = 'CustomTypeSet CustomTypeRemoved';
const CUSTOM_FIELDS = `CustomFieldAdded CustomFieldChanged CustomFieldRemoved ${CUSTOM_TYPE}`;
const ADDRESS_CUSTOM_FIELDS = CUSTOM_FIELDS.replaceAll('Custom', 'AddressCustom');

/** The resources that `messages` of a subscription accept, and their message types. */
export const messageTypes = {
  'approval-flow': types('ApprovalFlow', 'Created Approved Rejected Completed'),
  'approval-rule': types(
    'ApprovalRule',
    'Created NameSet KeySet DescriptionSet StatusSet PredicateSet ApproversSet RequestersSet',
  ),
  'associate-role': types(
    'AssociateRole',
    'Created Deleted NameSet BuyerAssignableChanged PermissionAdded PermissionRemoved PermissionsSet',
  ),
  'business-unit': types(
    'BusinessUnit',
    `Created Deleted NameChanged ParentChanged StatusChanged ContactEmailSet TopLevelUnitSet TypeSet
     AddressAdded AddressChanged AddressRemoved BillingAddressAdded BillingAddressRemoved ShippingAddressAdded
     ShippingAddressRemoved DefaultBillingAddressSet DefaultShippingAddressSet AssociateAdded AssociateChanged
     AssociateRemoved AssociatesSet AssociateModeChanged ApprovalRuleModeChanged StoreAdded StoreRemoved StoresSet
     StoreModeChanged CustomerGroupAssignmentAdded CustomerGroupAssignmentRemoved CustomerGroupAssignmentsSet
     ${CUSTOM_FIELDS} ${ADDRESS_CUSTOM_FIELDS}`,
  ),
  category: types('Category', 'Created SlugChanged'),
  customer: types(
    'Customer',
    `Created Deleted EmailChanged EmailVerified PasswordUpdated FirstNameSet LastNameSet TitleSet CompanyNameSet
     DateOfBirthSet ExternalIdSet StoresSet AddressAdded AddressChanged AddressRemoved BillingAddressAdded
     BillingAddressRemoved ShippingAddressAdded ShippingAddressRemoved DefaultBillingAddressSet
     DefaultShippingAddressSet GroupSet GroupAssignmentAdded GroupAssignmentRemoved GroupAssignmentsSet
     ${CUSTOM_FIELDS} ${ADDRESS_CUSTOM_FIELDS}`,
  ),
  'customer-email-token': types('CustomerEmailToken', 'Created'),
  'customer-group': types('CustomerGroup', CUSTOM_FIELDS),
  'customer-password-token': types('CustomerPasswordToken', 'Created'),
  'inventory-entry': types(
    'InventoryEntry',
    'Created Deleted QuantitySet OutOfStock ReorderPoint SafetyStock ReservationExpirationInMinutesSet',
  ),
  order: types(
    'Order',
    `Created CreatedFromRecurringOrder Imported Deleted EditApplied StateChanged StateTransition ShipmentStateChanged
     PaymentStateChanged ReturnShipmentStateChanged PaymentAdded PaymentRemoved CustomerSet CustomerEmailSet
     CustomerGroupSet BillingAddressSet ShippingAddressSet ShippingInfoSet ShippingRateInputSet StoreSet BusinessUnitSet
     PurchaseOrderNumberSet EstimatedDeliverySet DiscountCodeAdded DiscountCodeRemoved DiscountCodeStateSet
     LineItemAdded LineItemRemoved LineItemDiscountSet LineItemDistributionChannelSet CustomLineItemAdded
     CustomLineItemRemoved CustomLineItemDiscountSet CustomLineItemQuantityChanged ${CUSTOM_FIELDS}`,
    `LineItemStateTransition CustomLineItemStateTransition ReturnInfoAdded ReturnInfoSet DeliveryAdded DeliveryRemoved
     DeliveryAddressSet DeliveryItemsUpdated DeliveryCustomFieldAdded DeliveryCustomFieldChanged
     DeliveryCustomFieldRemoved DeliveryCustomTypeSet DeliveryCustomTypeRemoved ParcelAddedToDelivery
     ParcelRemovedFromDelivery ParcelItemsUpdated ParcelMeasurementsUpdated ParcelTrackingDataUpdated`,
  ),
  payment: types(
    'Payment',
    `Created InteractionAdded InterfaceIdSet StatusInterfaceCodeSet StatusStateTransition TransactionAdded
     TransactionInterfaceIdSet TransactionStateChanged MethodInfoInterfaceSet MethodInfoInterfaceAccountSet
     MethodInfoMethodSet MethodInfoNameSet MethodInfoTokenSet
     ${CUSTOM_FIELDS.replaceAll('Custom', 'MethodInfoCustom')}`,
  ),
  product: types(
    'Product',
    `Created Deleted Published Unpublished SlugChanged StateTransition RevertedStagedChanges ImageAdded AddedToCategory
     RemovedFromCategory VariantAdded VariantDeleted PriceAdded PriceChanged PriceRemoved PricesSet PriceKeySet
     PriceModeSet PriceDiscountsSet PriceExternalDiscountSet PriceCustomFieldAdded PriceCustomFieldChanged
     PriceCustomFieldRemoved PriceCustomFieldsSet PriceCustomFieldsRemoved`,
  ),
  'product-selection': types(
    'ProductSelection',
    'Created Deleted ProductAdded ProductExcluded ProductRemoved VariantExclusionChanged VariantSelectionChanged',
  ),
  'product-tailoring': types(
    'ProductTailoring',
    'Created Deleted Published Unpublished NameSet KeySet SlugSet DescriptionSet ImageAdded ImagesSet',
    'ProductVariantTailoringAdded ProductVariantTailoringRemoved',
  ),
  quote: types('Quote', 'Created Deleted CustomerChanged RenegotiationRequested StateChanged StateTransition'),
  'quote-request': types('QuoteRequest', 'Created Deleted CustomerChanged StateChanged StateTransition'),
  review: types('Review', 'Created RatingSet StateTransition'),
  'shopping-list': types('ShoppingList', 'LineItemAdded LineItemRemoved'),
  'staged-quote': types('StagedQuote', 'Created Deleted SellerCommentSet StateChanged StateTransition ValidToSet'),
  'standalone-price': types(
    'StandalonePrice',
    `Created Deleted ActiveChanged ValueChanged DiscountSet ExternalDiscountSet KeySet StagedChangesApplied
     StagedChangesRemoved TierAdded TierRemoved TiersSet ValidFromSet ValidUntilSet ValidFromAndUntilSet`,
  ),
  store: types(
    'Store',
    `Created Deleted NameSet CountriesChanged LanguagesChanged DistributionChannelsChanged SupplyChannelsChanged
     ProductSelectionsChanged CheckoutUrlTemplateSet OrderUrlTemplateSet ContactUrlSet CookiePolicyUrlSet FaqUrlSet
     ImprintUrlSet PrivacyPolicyUrlSet RefundPolicyUrlSet ShippingPolicyUrlSet TermsOfServiceUrlSet`,
  ),
  variant: types(
    'Variant',
    'Created Deleted Published Unpublished KeySet SkuSet ImageAdded ImagesSet StagedChangesRemoved',
  ),
} as const;

/** The resources that `changes` of a subscription accept. */
export const changeResources: ReadonlySet<string> = new Set(
  `approval-flow approval-rule associate-role attribute-group business-unit cart cart-discount category channel customer
   customer-email-token customer-group customer-password-token discount-code discount-group extension inventory-entry
   key-value-document order order-edit payment product product-discount product-selection product-tailoring product-type
   quote quote-request recurrence-policy recurring-order review shipping-method shopping-list staged-quote
   standalone-price state store subscription tax-category type variant zone`.split(/\s+/),
);

/** Returns the message types of a resource, or undefined if it sends no messages. */
export function messageTypesOf(resourceTypeId: string): ReadonlySet<string> | undefined {
  return byResource.get(resourceTypeId);
}

const byResource = new Map<string, ReadonlySet<string>>(Object.entries(messageTypes));
