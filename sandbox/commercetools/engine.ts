/**
 * The part that turns drafts and update actions into resources: @labdigital/commercetools-mock, used without its own
 * server. Everything that is read comes from our own records; the mock only hears of writes.
 */
import { CommercetoolsMock } from '@labdigital/commercetools-mock';
import { z } from 'zod';
import { type ApiRecord, isObject, isRecord, textField } from './json.ts';
import { type Answer, refuse } from './responses.ts';

type MockProject = ReturnType<CommercetoolsMock['project']>;
type Place = (project: MockProject, record: ApiRecord) => Promise<void>;

/** The mock takes whole resources on trust, as a database would; what it is given has at least id and version. */
function whole<T>(record: ApiRecord): T {
  return z.custom<T>(isRecord).parse(record);
}

function lowercaseEmail(record: ApiRecord): object {
  return { lowercaseEmail: textField(record, 'email')?.toLowerCase() };
}

const places: Readonly<Record<string, Place>> = {
  cart: (project, record) => project.unsafeAdd('cart', whole(record)),
  'cart-discount': (project, record) => project.unsafeAdd('cart-discount', whole(record)),
  category: (project, record) => project.unsafeAdd('category', whole(record)),
  channel: (project, record) => project.unsafeAdd('channel', whole(record)),
  // The mock finds customers of the same e-mail by a field that the API does not show.
  customer: (project, record) => project.unsafeAdd('customer', whole({ ...record, ...lowercaseEmail(record) })),
  'customer-group': (project, record) => project.unsafeAdd('customer-group', whole(record)),
  'discount-code': (project, record) => project.unsafeAdd('discount-code', whole(record)),
  'inventory-entry': (project, record) => project.unsafeAdd('inventory-entry', whole(record)),
  order: (project, record) => project.unsafeAdd('order', whole(record)),
  payment: (project, record) => project.unsafeAdd('payment', whole(record)),
  product: (project, record) => project.unsafeAdd('product', whole(record)),
  'product-discount': (project, record) => project.unsafeAdd('product-discount', whole(record)),
  'product-type': (project, record) => project.unsafeAdd('product-type', whole(record)),
  'shipping-method': (project, record) => project.unsafeAdd('shipping-method', whole(record)),
  'standalone-price': (project, record) => project.unsafeAdd('standalone-price', whole(record)),
  state: (project, record) => project.unsafeAdd('state', whole(record)),
  store: (project, record) => project.unsafeAdd('store', whole(record)),
  'tax-category': (project, record) => project.unsafeAdd('tax-category', whole(record)),
  type: (project, record) => project.unsafeAdd('type', whole(record)),
  zone: (project, record) => project.unsafeAdd('zone', whole(record)),
};

export class Engine {
  readonly #projectKey: string;
  readonly #mock: CommercetoolsMock;

  constructor(projectKey: string) {
    this.#projectKey = projectKey;
    this.#mock = new CommercetoolsMock({ defaultProjectKey: projectKey, silent: true });
  }

  /** Runs a request through the mock. The path is relative to the project. */
  async send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    const url = `/${this.#projectKey}/${path}`;
    const payload = isObject(body) ? { payload: body } : {};
    const answer = await this.#mock.app.inject({ method, url, ...payload });
    const json: unknown = answer.body === '' ? undefined : answer.json();
    if (answer.statusCode >= 500 || !isObject(json)) {
      return refuse(
        400,
        'InvalidOperation',
        `The sandbox cannot do this: ${method} ${path}: ${answer.body.slice(0, 300)}`,
      );
    }
    return { status: answer.statusCode, body: json };
  }

  /** Puts a whole record in place, so that later drafts and actions can refer to it. */
  async place(typeId: string, record: ApiRecord): Promise<void> {
    await places[typeId]?.(this.#mock.project(), record);
  }

  async clear(): Promise<void> {
    await this.#mock.clear();
  }

  async stop(): Promise<void> {
    await this.#mock.app.close();
  }
}
