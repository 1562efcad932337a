// The check of recorded requests to commercetools, and the sandbox's hand-written tables held against the same
// description.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Fields, fieldIn } from '../../../sandbox/commercetools/field-shapes.ts';
import { changeResources, messageTypes } from '../../../sandbox/commercetools/message-types.ts';
import { queryableFields } from '../../../sandbox/commercetools/queryable-fields.ts';
import { checkOf } from './check-requests.ts';
import { messageTypesIn } from './message-types.ts';
import { loadOpenApi, openApiPath } from './openapi.ts';
import { createSchemas } from './schemas.ts';

const folder = mkdtempSync(join(tmpdir(), 'contract-'));
after(() => rmSync(folder, { recursive: true }));

test('the command needs a description and a request only where they are required', () => {
  const record = join(folder, 'record.jsonl');
  writeFileSync(record, '');
  const script = join(import.meta.dirname, 'check-requests.ts');
  const env = { ...process.env, COMMERCETOOLS_OPENAPI: join(folder, 'none.yaml') };
  const run = (...flags: string[]) =>
    spawnSync(process.execPath, [script, record, ...flags], { env, encoding: 'utf8' });
  assert.match(run().stdout, /not checked: no OpenAPI file at/);
  assert.deepEqual([run().status, run('--require').status], [0, 1]);
});

const spec = loadOpenApi();
const skip = spec === undefined ? `NOT CHECKED: no OpenAPI file at ${openApiPath()}` : false;
if (skip !== false) console.error(skip);

interface Request {
  readonly method?: string;
  readonly path: string;
  readonly query?: Record<string, string | string[]>;
  readonly body?: unknown;
}

describe('the check of requests', { skip }, () => {
  const check = spec === undefined ? undefined : checkOf(spec);

  function failuresOf({ method, path, query = {}, body }: Request): string[] | undefined {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) for (const text of [value].flat()) search.append(name, text);
    const verb = method ?? (body === undefined ? 'GET' : 'POST');
    return check?.({ method: verb, path: `/shop/${path}`, query: search.size > 0 ? `?${search}` : '', body }).failures;
  }

  const price = { value: { type: 'centPrecision', currencyCode: 'EUR', centAmount: 1, fractionDigits: 2 } };
  const custom = { type: { typeId: 'type', key: 't' }, fields: { number: 1, list: [{ any: 'thing' }] } };
  const destination = { type: 'SQS', queueUrl: 'https://sqs.example/q', region: 'eu', authenticationMode: 'IAM' };
  const good: Request[] = [
    {
      path: 'customers',
      query: { where: ['id in :ids', 'id > "a"'], 'var.ids': ['a', 'b'], sort: 'id asc', limit: '500' },
    },
    { path: 'customers', query: { where: 'lowercaseEmail in ("a")', withTotal: 'false', expand: 'customerGroup' } },
    { path: 'products', query: { where: 'masterData(current(variants(sku = "a") and name(`de-DE` = "b")))' } },
    { path: 'orders/order-number=1' },
    { method: 'DELETE', path: 'customers/c', query: { version: '1', dataErasure: 'true' } },
    { path: 'customers', body: { email: 'ada@example.com', addresses: [{ country: 'DE', custom }], custom } },
    { path: 'customers/c', body: { version: 1, actions: [{ action: 'setFirstName', firstName: 'Ada' }] } },
    { path: 'standalone-prices', body: { sku: 's', ...price } },
    { path: 'custom-objects', body: { container: 'c', key: 'k', value: { any: ['thing'] }, version: 0 } },
    {
      path: 'subscriptions',
      body: { destination, messages: [{ resourceTypeId: 'order', types: ['OrderCreated', 'ReturnInfoAdded'] }] },
    },
  ];
  for (const request of good) {
    test(`passes ${JSON.stringify(request).slice(0, 110)}`, () => assert.deepEqual(failuresOf(request), []));
  }

  const bad: [request: Request, failure: RegExp][] = [
    [{ path: 'customer' }, /not an operation/],
    [{ method: 'PUT', path: 'customers/c' }, /not an operation/],
    [{ method: 'DELETE', path: 'customers/c' }, /\?version: is required/],
    [{ path: 'customers', query: { filter: 'a' } }, /\?filter: not a parameter/],
    [{ path: 'customers', query: { limit: 'many' } }, /\?limit: must be a number/],
    [{ path: 'customers', query: { where: 'mail = "a"' } }, /\?where: The field 'mail' does not exist/],
    [{ path: 'orders', query: { where: 'paymentInfo(payments(obj(id = "a")))' } }, /The field 'obj' does not exist/],
    [{ path: 'customers', query: { where: 'id = :id' } }, /Missing parameter value for 'id'/],
    [{ path: 'customers', query: { where: 'id = "a"', 'var.id': 'a' } }, /\?var.id: no predicate/],
    [{ path: 'inventory', query: { sort: 'stock asc' } }, /\?sort: the field of 'stock asc'/],
    [{ path: 'customers', body: { email: 'ada@example.com', mail: 'a' } }, /\/mail: not a field/],
    [{ path: 'customers', body: { firstName: 'Ada' } }, /required property 'email'/],
    [
      { path: 'customers', body: { email: 'a', addresses: [{ town: 'Berlin', country: 'DE' }] } },
      /\/addresses\/0\/town/,
    ],
    [{ path: 'customers/c', body: { version: '1', actions: [] } }, /\/version: must be integer/],
    [{ path: 'customers/c', body: { version: 1, actions: [{ action: 'setNonsense' }] } }, /\/actions\/0\/action/],
    [
      { path: 'customers/c', body: { version: 1, actions: [{ action: 'setFirstName', name: 'Ada' }] } },
      /\/actions\/0\/name: not a field/,
    ],
    [
      { path: 'subscriptions', body: { destination: { type: 'SQS', region: 'eu' } } },
      /\/destination: .*required property 'queueUrl'/,
    ],
    [
      { path: 'subscriptions', body: { destination, messages: [{ resourceTypeId: 'cart' }] } },
      /\/messages\/0\/resourceTypeId/,
    ],
    [
      {
        path: 'subscriptions/s',
        body: {
          version: 1,
          actions: [{ action: 'setMessages', messages: [{ resourceTypeId: 'customer', types: ['OrderCreated'] }] }],
        },
      },
      /OrderCreated is not a message of customer/,
    ],
  ];
  for (const [request, failure] of bad) {
    test(`finds ${failure} in ${JSON.stringify(request).slice(0, 90)}`, () => {
      const failures = failuresOf(request) ?? [];
      assert.ok(
        failures.some((line) => failure.test(line)),
        JSON.stringify(failures),
      );
      assert.doesNotMatch(failures.join('\n'), /ada@/);
    });
  }
});

// Resources of the sandbox by the name of their schema.
const resources: Record<string, string> = {
  'business-unit': 'Company',
  cart: 'Cart',
  'cart-discount': 'CartDiscount',
  category: 'Category',
  channel: 'Channel',
  customer: 'Customer',
  'customer-group': 'CustomerGroup',
  'discount-code': 'DiscountCode',
  'inventory-entry': 'InventoryEntry',
  'key-value-document': 'CustomObject',
  order: 'Order',
  payment: 'Payment',
  product: 'Product',
  'product-discount': 'ProductDiscount',
  'product-projection': 'ProductProjection',
  'product-type': 'ProductType',
  'recurring-order': 'RecurringOrder',
  'shipping-method': 'ShippingMethod',
  'standalone-price': 'StandalonePrice',
  state: 'State',
  store: 'Store',
  subscription: 'Subscription',
  'tax-category': 'TaxCategory',
  type: 'Type',
  zone: 'Zone',
};

// In answers only: they depend on the request.
const computed = /(^|\.)(warnings|isMatchingVariant|scopedPrice|scopedPriceDiscounted)$/;

/** Paths of fields of `left` that `right` lacks. Free names below a field of `right` contain every name. */
function missingFields(left: Fields, right: Fields, path = ''): string[] {
  if (typeof left === 'string') return [];
  return Object.entries(left).flatMap(([name, inner]) => {
    const found = fieldIn(right, name);
    return found === undefined ? [`${path}${name}`] : missingFields(inner, found, `${path}${name}.`);
  });
}

describe("the sandbox's tables", { skip }, () => {
  const schemas = spec === undefined ? undefined : createSchemas(spec);
  const messages = spec === undefined ? undefined : messageTypesIn(spec);

  test('every resource has its queryable fields', () => {
    assert.deepEqual(Object.keys(queryableFields).sort(), Object.keys(resources).sort());
  });

  for (const [typeId, name] of Object.entries(resources)) {
    test(`the fields of ${typeId} are those of the description`, () => {
      const ours = queryableFields[typeId] ?? 'value';
      const theirs = schemas?.fieldsOf(name) ?? 'value';
      const onlyOurs = missingFields(ours, theirs).filter((path) => path !== 'lowercaseEmail');
      assert.deepEqual(onlyOurs, [], 'the sandbox accepts fields that do not exist');
      const onlyTheirs = missingFields(theirs, ours).filter((path) => !computed.test(path));
      assert.deepEqual(onlyTheirs, [], 'the sandbox refuses fields that exist');
    });
  }

  test('message types exist, and none is missing from the resources that send messages', () => {
    const listed = Object.entries(messageTypes).flatMap(([resource, types]) =>
      [...types].map((type) => ({ resource, type })),
    );
    const invented = listed.filter(({ type, resource }) => messages?.isMessageType(type, resource) !== true);
    assert.deepEqual(invented, []);
    const known = new Set(listed.map(({ type }) => type));
    const sends = Object.keys(messageTypes);
    const missing = messages?.types.filter(
      (type) => !known.has(type) && sends.some((resource) => messages.isMessageType(type, resource)),
    );
    // Payment methods are a resource of their own, without messages in subscriptions.
    assert.deepEqual(
      missing?.filter((type) => !type.startsWith('PaymentMethod')),
      [],
    );
  });

  test('subscriptions accept the resources of the description', () => {
    const valuesOf = (name: string) => [spec?.schemas[name]?.enum].flat().sort();
    // The types of the SDK have variants in both, the description does not.
    const withoutVariant = (names: Iterable<string>) => [...names].filter((name) => name !== 'variant').sort();
    assert.deepEqual(withoutVariant(Object.keys(messageTypes)), valuesOf('MessageSubscriptionResourceTypeId'));
    assert.deepEqual(withoutVariant(changeResources), valuesOf('ChangeSubscriptionResourceTypeId'));
  });
});
