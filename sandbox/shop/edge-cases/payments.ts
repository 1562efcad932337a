/** Edge cases of payments, each with its order. */
import type { Order, Payment, Transaction } from '@commercetools/platform-sdk';
import { lineItem, money, order, payment, transaction } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';
import { type EdgeCase, edgeCaseBuilder } from './edge-case.ts';

const paymentCase = edgeCaseBuilder('payment');
const orderCase = edgeCaseBuilder('order');

type Fields = Partial<Transaction> & { readonly noTime?: boolean };

interface PaymentCase {
  readonly name: string;
  readonly description: string;
  /** Transactions of each payment. */
  readonly payments: readonly (readonly Fields[])[];
}

const refund = (centAmount: number, fields: Fields = {}): Fields => ({
  type: 'Refund',
  amount: money(centAmount),
  timestamp: '2024-03-09T12:00:00.000Z',
  ...fields,
});

const CASES: readonly PaymentCase[] = [
  { name: 'refund-full', description: 'refunded in full', payments: [[{}, refund(1999)]] },
  { name: 'refund-partial', description: 'refunded in part', payments: [[{}, refund(500)]] },
  { name: 'refund-twice', description: 'refunded twice', payments: [[{}, refund(500), refund(700)]] },
  {
    name: 'refund-pending',
    description: 'a refund that is on its way',
    payments: [[{}, refund(500, { state: 'Pending' })]],
  },
  {
    name: 'refund-failed-then-good',
    description: 'a refund that failed, then one that worked',
    payments: [[{}, refund(500, { state: 'Failure' }), refund(500)]],
  },
  {
    name: 'refund-initial',
    description: 'a refund that has not begun',
    payments: [[{}, refund(500, { state: 'Initial' })]],
  },
  { name: 'refund-zero', description: 'a refund of nothing', payments: [[{}, refund(0)]] },
  { name: 'refund-negative', description: 'a refund with a negative amount', payments: [[{}, refund(-300)]] },
  { name: 'chargeback', description: 'the bank took it back', payments: [[{}, refund(1999, { type: 'Chargeback' })]] },
  { name: 'refund-untimed', description: 'a refund without a time', payments: [[{}, refund(500, { noTime: true })]] },
  { name: 'two-payments', description: 'two payments, a refund on the second', payments: [[{}], [{}, refund(400)]] },
  {
    name: 'two-payments-refunded',
    description: 'two payments, refunds on both',
    payments: [
      [{}, refund(300)],
      [{}, refund(400)],
    ],
  },
  { name: 'payment-failed', description: 'the charge failed', payments: [[{ state: 'Failure' }]] },
  { name: 'payment-empty', description: 'a payment without transactions', payments: [[]] },
];

/** Returns the payment edge cases: orders with payments, and a payment without an order. */
export function paymentEdgeCases(): EdgeCase[] {
  const stray = payment({
    id: idOf('payment/stray'),
    key: 'stray',
    transactions: [createTransaction(refund(100), 'stray')],
  });
  return [...CASES.flatMap(orderWithPayments), paymentCase('stray', 'belongs to no order', stray), missingPayment()];
}

function orderWithPayments({ name, description, payments }: PaymentCase): EdgeCase[] {
  const created = payments.map((transactions, index) => createPayment(`${name}-${index + 1}`, transactions));
  return [
    orderCase(
      name,
      description,
      orderPaidBy(
        name,
        created.map(({ id }) => id),
      ),
    ),
    ...created.map((payment, index) => paymentCase(`${name}-${index + 1}`, description, payment)),
  ];
}

function missingPayment(): EdgeCase {
  return orderCase(
    'payment-gone',
    'refers to a payment that does not exist',
    orderPaidBy('payment-gone', [idOf('payment/gone')]),
  );
}

function createPayment(key: string, transactions: readonly Fields[]): Payment {
  return payment({
    id: idOf(`payment/${key}`),
    key,
    transactions: transactions.map((fields, index) => createTransaction(fields, `${key}/${index}`)),
  });
}

function createTransaction({ noTime = false, ...fields }: Fields, name: string): Transaction {
  const { timestamp, ...rest } = transaction({ id: idOf(`transaction/${name}`), ...fields });
  return noTime || timestamp === undefined ? rest : { ...rest, timestamp };
}

function orderPaidBy(name: string, paymentIds: readonly string[]): Order {
  return order({
    id: idOf(`order/${name}`),
    orderNumber: name,
    customerEmail: `${name}@example.com`,
    lineItems: [lineItem({ id: idOf(`line/${name}/1`), productId: idOf('product/branded') })],
    paymentInfo: { payments: paymentIds.map((id) => ({ typeId: 'payment', id })) },
  });
}
