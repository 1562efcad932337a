/** Payments, each with the order that it belongs to. */
import type { Order, Payment, Transaction } from '@commercetools/platform-sdk';
import { lineItem, money, order, payment, transaction } from '../seed/builders.ts';
import { idOf } from '../seed/random.ts';
import { casesOf, type OddCase } from './edge-case.ts';

const oddPayment = casesOf('payment');
const oddOrder = casesOf('order');

type Fields = Partial<Transaction> & { readonly noTime?: boolean };

interface Paid {
  readonly name: string;
  readonly odd: string;
  /** The transactions of each payment. */
  readonly payments: readonly (readonly Fields[])[];
}

const refund = (centAmount: number, fields: Fields = {}): Fields => ({
  type: 'Refund',
  amount: money(centAmount),
  timestamp: '2024-03-09T12:00:00.000Z',
  ...fields,
});

const CASES: readonly Paid[] = [
  { name: 'refund-full', odd: 'refunded in full', payments: [[{}, refund(1999)]] },
  { name: 'refund-partial', odd: 'refunded in part', payments: [[{}, refund(500)]] },
  { name: 'refund-twice', odd: 'refunded twice', payments: [[{}, refund(500), refund(700)]] },
  { name: 'refund-pending', odd: 'a refund that is on its way', payments: [[{}, refund(500, { state: 'Pending' })]] },
  {
    name: 'refund-failed-then-good',
    odd: 'a refund that failed, then one that worked',
    payments: [[{}, refund(500, { state: 'Failure' }), refund(500)]],
  },
  { name: 'refund-initial', odd: 'a refund that has not begun', payments: [[{}, refund(500, { state: 'Initial' })]] },
  { name: 'refund-zero', odd: 'a refund of nothing', payments: [[{}, refund(0)]] },
  { name: 'refund-negative', odd: 'a refund with a negative amount', payments: [[{}, refund(-300)]] },
  { name: 'chargeback', odd: 'the bank took it back', payments: [[{}, refund(1999, { type: 'Chargeback' })]] },
  { name: 'refund-untimed', odd: 'a refund without a time', payments: [[{}, refund(500, { noTime: true })]] },
  { name: 'two-payments', odd: 'two payments, a refund on the second', payments: [[{}], [{}, refund(400)]] },
  {
    name: 'two-payments-refunded',
    odd: 'two payments, refunds on both',
    payments: [
      [{}, refund(300)],
      [{}, refund(400)],
    ],
  },
  { name: 'payment-failed', odd: 'the charge failed', payments: [[{ state: 'Failure' }]] },
  { name: 'payment-empty', odd: 'a payment without transactions', payments: [[]] },
];

/** Orders and their payments, and a payment that no order has. */
export function oddPayments(): OddCase[] {
  const stray = payment({
    id: idOf('payment/stray'),
    key: 'stray',
    transactions: [oneTransaction(refund(100), 'stray')],
  });
  return [...CASES.flatMap(paid), oddPayment('stray', 'belongs to no order', stray), missing()];
}

function paid({ name, odd, payments }: Paid): OddCase[] {
  const made = payments.map((transactions, index) => onePayment(`${name}-${index + 1}`, transactions));
  return [
    oddOrder(
      name,
      odd,
      orderPaidBy(
        name,
        made.map(({ id }) => id),
      ),
    ),
    ...made.map((one, index) => oddPayment(`${name}-${index + 1}`, odd, one)),
  ];
}

function missing(): OddCase {
  return oddOrder(
    'payment-gone',
    'refers to a payment that does not exist',
    orderPaidBy('payment-gone', [idOf('payment/gone')]),
  );
}

function onePayment(key: string, transactions: readonly Fields[]): Payment {
  return payment({
    id: idOf(`payment/${key}`),
    key,
    transactions: transactions.map((fields, index) => oneTransaction(fields, `${key}/${index}`)),
  });
}

function oneTransaction({ noTime = false, ...fields }: Fields, name: string): Transaction {
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
