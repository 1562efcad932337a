/** Messages of orders and payments. */
import type { Change } from '../changes.ts';
import { field, listField, textField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import type { Records } from '../records.ts';
import { listDifference, whenChanged } from './compare.ts';
import { deliveryMessages } from './delivery.ts';
import { returnMessages } from './returns.ts';
import { transitionMessages } from './transition.ts';

/** Returns the messages of an order change. */
export function orderMessages(change: Change, records: Records): MessageBody[] {
  const { before, after, cause } = change;
  if (after === undefined) return [{ type: 'OrderDeleted', order: before }];
  if (before === undefined) return [createdMessage(after, cause)];
  return [
    ...whenChanged(before, after, 'orderState', (orderState, oldOrderState) => ({
      type: 'OrderStateChanged',
      orderState,
      oldOrderState,
    })),
    ...whenChanged(before, after, 'shipmentState', (shipmentState, oldShipmentState) => ({
      type: 'OrderShipmentStateChanged',
      shipmentState,
      oldShipmentState,
    })),
    ...whenChanged(before, after, 'paymentState', (paymentState, oldPaymentState) => ({
      type: 'OrderPaymentStateChanged',
      paymentState,
      oldPaymentState,
    })),
    ...whenChanged(before, after, 'customerEmail', (email, oldEmail) => ({
      type: 'OrderCustomerEmailSet',
      email,
      oldEmail,
    })),
    ...whenChanged(before, after, 'customerId', (current, previous) => ({
      type: 'OrderCustomerSet',
      customer: customerReference(current),
      customerGroup: field(after, 'customerGroup'),
      oldCustomer: customerReference(previous),
      oldCustomerGroup: field(before, 'customerGroup'),
    })),
    ...whenChanged(before, after, 'billingAddress', (address, oldAddress) => ({
      type: 'OrderBillingAddressSet',
      address,
      oldAddress,
    })),
    ...whenChanged(before, after, 'shippingAddress', (address, oldAddress) => ({
      type: 'OrderShippingAddressSet',
      address,
      oldAddress,
    })),
    ...paymentsAdded(before, after),
    ...deliveryMessages(before, after),
    ...returnMessages(change),
    ...transitionMessages(change, records),
  ];
}

/** Returns the messages of a payment change. Deletion sends none. */
export function paymentMessages({ before, after }: Change): MessageBody[] {
  if (after === undefined) return [];
  if (before === undefined) return [{ type: 'PaymentCreated', payment: after }];
  const { added, changed } = listDifference(listField(before, 'transactions'), listField(after, 'transactions'));
  const stateChanged = changed.filter(([previous, current]) => field(previous, 'state') !== field(current, 'state'));
  return [
    ...added.map((transaction) => ({ type: 'PaymentTransactionAdded', transaction })),
    ...stateChanged.map(([, current]) => ({
      type: 'PaymentTransactionStateChanged',
      transactionId: field(current, 'id'),
      state: field(current, 'state'),
    })),
  ];
}

function createdMessage(order: unknown, cause: Change['cause']): MessageBody {
  if (cause === 'import') return { type: 'OrderImported', order };
  if (cause === 'recurring-order') {
    return { type: 'OrderCreatedFromRecurringOrder', order, recurringOrderRef: field(order, 'recurringOrder') };
  }
  return { type: 'OrderCreated', order };
}

function customerReference(id: unknown): unknown {
  return typeof id === 'string' ? { typeId: 'customer', id } : undefined;
}

function paymentsAdded(before: unknown, after: unknown): MessageBody[] {
  const payments = (order: unknown) => listField(field(order, 'paymentInfo'), 'payments');
  const { added } = listDifference(payments(before), payments(after));
  return added.map((payment) => ({
    type: 'OrderPaymentAdded',
    paymentRef: { typeId: 'payment', id: textField(payment, 'id') },
  }));
}
