/**
 * Turns drafts and update actions into resources with @labdigital/commercetools-mock, without its HTTP server. Reads
 * come from the sandbox's own records; only writes go through the mock. It is started by the first of them: registering
 * its hundreds of routes takes longer than the rest of the sandbox.
 */
import type { CommercetoolsMock } from '@labdigital/commercetools-mock';
import { z } from 'zod';
import { type ApiRecord, isObject, isRecord, textField } from './json.ts';
import { errorResponse, type HttpResponse } from './responses.ts';

type MockProject = ReturnType<CommercetoolsMock['project']>;
type Insert = (project: MockProject, record: ApiRecord) => Promise<void>;

/**
 * Casts a record to the mock's type. The mock does not validate inserted resources; only id, version and timestamps are
 * checked here.
 */
function trusted<T>(record: ApiRecord): T {
  return z.custom<T>(isRecord).parse(record);
}

function lowercaseEmail(record: ApiRecord): object {
  return { lowercaseEmail: textField(record, 'email')?.toLowerCase() };
}

const inserters: Readonly<Record<string, Insert>> = {
  'business-unit': (project, record) => project.unsafeAdd('business-unit', trusted(record)),
  cart: (project, record) => project.unsafeAdd('cart', trusted(record)),
  'cart-discount': (project, record) => project.unsafeAdd('cart-discount', trusted(record)),
  category: (project, record) => project.unsafeAdd('category', trusted(record)),
  channel: (project, record) => project.unsafeAdd('channel', trusted(record)),
  // The mock looks customers up by a field that the API does not return.
  customer: (project, record) => project.unsafeAdd('customer', trusted({ ...record, ...lowercaseEmail(record) })),
  'customer-group': (project, record) => project.unsafeAdd('customer-group', trusted(record)),
  'discount-code': (project, record) => project.unsafeAdd('discount-code', trusted(record)),
  'inventory-entry': (project, record) => project.unsafeAdd('inventory-entry', trusted(record)),
  order: (project, record) => project.unsafeAdd('order', trusted(record)),
  payment: (project, record) => project.unsafeAdd('payment', trusted(record)),
  product: (project, record) => project.unsafeAdd('product', trusted(record)),
  'product-discount': (project, record) => project.unsafeAdd('product-discount', trusted(record)),
  'product-type': (project, record) => project.unsafeAdd('product-type', trusted(record)),
  'shipping-method': (project, record) => project.unsafeAdd('shipping-method', trusted(record)),
  'standalone-price': (project, record) => project.unsafeAdd('standalone-price', trusted(record)),
  state: (project, record) => project.unsafeAdd('state', trusted(record)),
  store: (project, record) => project.unsafeAdd('store', trusted(record)),
  'tax-category': (project, record) => project.unsafeAdd('tax-category', trusted(record)),
  type: (project, record) => project.unsafeAdd('type', trusted(record)),
  zone: (project, record) => project.unsafeAdd('zone', trusted(record)),
};

export class Engine {
  readonly #projectKey: string;
  #mock: Promise<CommercetoolsMock> | undefined;
  /** Placed before the mock was started, by type and id. */
  readonly #waiting = new Map<string, { typeId: string; record: ApiRecord }>();

  constructor(projectKey: string) {
    this.#projectKey = projectKey;
  }

  /** Sends a request to the mock. The path is relative to the project. */
  async send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<HttpResponse> {
    const url = `/${this.#projectKey}/${path}`;
    const payload = isObject(body) ? { payload: body } : {};
    this.#mock ??= this.#start();
    const { app } = await this.#mock;
    const response = await app.inject({ method, url, ...payload });
    const json: unknown = response.body === '' ? undefined : response.json();
    if (response.statusCode >= 500 || !isObject(json)) {
      return errorResponse(
        400,
        'InvalidOperation',
        `The sandbox cannot do this: ${method} ${path}: ${response.body.slice(0, 300)}`,
      );
    }
    return { status: response.statusCode, body: json };
  }

  /** Inserts a record, so that later drafts and actions can reference it. */
  async place(typeId: string, record: ApiRecord): Promise<void> {
    if (this.#mock) await insert(await this.#mock, typeId, record);
    else this.#waiting.set(`${typeId}/${record.id}`, { typeId, record });
  }

  async clear(): Promise<void> {
    this.#waiting.clear();
    await (await this.#mock)?.clear();
  }

  async stop(): Promise<void> {
    await (await this.#mock)?.app.close();
  }

  async #start(): Promise<CommercetoolsMock> {
    const { CommercetoolsMock } = await import('@labdigital/commercetools-mock');
    const mock = new CommercetoolsMock({ defaultProjectKey: this.#projectKey, silent: true });
    for (const { typeId, record } of this.#waiting.values()) await insert(mock, typeId, record);
    this.#waiting.clear();
    return mock;
  }
}

async function insert(mock: CommercetoolsMock, typeId: string, record: ApiRecord): Promise<void> {
  await inserters[typeId]?.(mock.project(), record);
}
