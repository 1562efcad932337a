/**
 * Message types that built-in rules use, by the resource that they are about. A misspelled type is a compile error instead
 * of a trigger that never fires. https://docs.commercetools.com/api/projects/messages
 */
export interface MessageTypesByResource {
  /** A subscription delivers changes of carts only. */
  cart: never;
  category: 'CategoryCreated';
  customer: 'CustomerCreated' | 'CustomerCustomFieldRemoved' | 'CustomerCustomTypeRemoved' | 'CustomerCustomTypeSet';
  'customer-group': never;
  'inventory-entry': 'InventoryEntryCreated' | 'InventoryEntryDeleted';
  order:
    | 'CustomLineItemStateTransition'
    | 'DeliveryAdded'
    | 'DeliveryItemsUpdated'
    | 'LineItemStateTransition'
    | 'OrderCreated'
    | 'OrderCreatedFromRecurringOrder'
    | 'OrderCustomerEmailSet'
    | 'OrderCustomerSet'
    | 'OrderImported'
    | 'OrderPaymentAdded'
    | 'OrderPaymentStateChanged'
    | 'OrderReturnShipmentStateChanged'
    | 'OrderShipmentStateChanged'
    | 'OrderStateChanged'
    | 'OrderStateTransition'
    | 'ParcelAddedToDelivery'
    | 'ParcelTrackingDataUpdated'
    | 'ReturnInfoAdded'
    | 'ReturnInfoSet';
  payment: 'PaymentCreated' | 'PaymentTransactionAdded' | 'PaymentTransactionStateChanged';
  product:
    | 'ProductPriceAdded'
    | 'ProductPriceChanged'
    | 'ProductPriceDiscountsSet'
    | 'ProductPriceExternalDiscountSet'
    | 'ProductPriceModeSet'
    | 'ProductPriceRemoved'
    | 'ProductPricesSet'
    | 'ProductPublished'
    | 'ProductUnpublished';
  review: 'ReviewCreated' | 'ReviewRatingSet' | 'ReviewStateTransition';
  'standalone-price':
    | 'StandalonePriceActiveChanged'
    | 'StandalonePriceCreated'
    | 'StandalonePriceDeleted'
    | 'StandalonePriceDiscountSet'
    | 'StandalonePriceExternalDiscountSet'
    | 'StandalonePriceStagedChangesApplied'
    | 'StandalonePriceValidFromAndUntilSet'
    | 'StandalonePriceValidFromSet'
    | 'StandalonePriceValidUntilSet'
    | 'StandalonePriceValueChanged';
}

export type ResourceTypeId = keyof MessageTypesByResource;

export type MessageType = MessageTypesByResource[ResourceTypeId];
