/** HTTP client of the mock API's own tests. Uses plain fetch and no connector code. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { z } from 'zod';
import { type KlaviyoSandbox, type KlaviyoSandboxOptions, startKlaviyoSandbox } from './sandbox.ts';

const error = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  source: z.object({ pointer: z.string().optional(), parameter: z.string().optional() }),
  meta: z.record(z.string(), z.unknown()).default({}),
});
const resource = z.object({
  type: z.string(),
  id: z.string(),
  attributes: z.record(z.string(), z.unknown()).default({}),
  relationships: z.record(z.string(), z.unknown()).default({}),
});
const document = z.object({
  errors: z.array(error).default([]),
  data: z.union([resource, z.array(resource)]).optional(),
  included: z.array(resource).default([]),
  links: z.object({ next: z.string().nullish() }).default({}),
});

export type Reply = {
  status: number;
  headers: Headers;
  /** Error codes with pointers or parameters, such as `invalid /data/attributes/email`. */
  errors: string[];
  meta: Record<string, unknown>;
  /** Resources of the response; a single resource is a list of one. */
  data: z.infer<typeof resource>[];
  included: z.infer<typeof resource>[];
  next: string | undefined;
};

export type TestClient = {
  sandbox: KlaviyoSandbox;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Returns the `data` of a listing under /sandbox. */
  inspect(view: string): Promise<Record<string, unknown>[]>;
};

/** Starts a mock API with short jobs and no rate limits. It stops after the test that starts it. */
export async function startTestClient(options: KlaviyoSandboxOptions = {}): Promise<TestClient> {
  // These tests send invalid bodies on purpose. They must not reach the recording for the contract check.
  const sandbox = await startKlaviyoSandbox({ limits: 'none', jobMs: 30, record: false, ...options });
  after(() => sandbox.stop());
  const standard = {
    authorization: 'Klaviyo-API-Key pk_sandbox',
    revision: '2026-07-15',
    'content-type': 'application/vnd.api+json',
  };
  return {
    sandbox,
    async request(method, path, body, headers = {}) {
      const url = path.startsWith('http') ? path : `${sandbox.url}${path}`;
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
      const response = await fetch(url, { method, headers: { ...standard, ...headers }, ...sent });
      const text = await response.text();
      const { errors, data, included, links } = document.parse(text === '' ? {} : JSON.parse(text));
      return {
        status: response.status,
        headers: response.headers,
        errors: errors.map(({ code, source }) => `${code} ${source.pointer ?? source.parameter}`),
        meta: errors[0]?.meta ?? {},
        data: data === undefined ? [] : [data].flat(),
        included,
        next: links.next ?? undefined,
      };
    },
    async inspect(view) {
      const response = await fetch(`${sandbox.url}/sandbox/${view}`);
      return z.object({ data: z.array(z.record(z.string(), z.unknown())) }).parse(await response.json()).data;
    },
  };
}

/** Polls a job until it is complete and returns the last response. */
export async function untilComplete({ request }: TestClient, path: string): Promise<Reply> {
  for (let tries = 0; tries < 500; tries += 1) {
    const response = await request('GET', path);
    if (response.data[0]?.attributes.status === 'complete') return response;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail(`${path} did not complete`);
}

export function profileBody(attributes: Record<string, unknown>, id?: string) {
  return { data: { type: 'profile', ...(id === undefined ? {} : { id }), attributes } };
}

/** Returns the body of a single event. `attributes` overrides the defaults. */
export function eventBody(
  profile: Record<string, unknown>,
  attributes: Record<string, unknown> = {},
  metric = 'Placed Order',
) {
  return {
    data: {
      type: 'event',
      attributes: {
        properties: { OrderId: '1001' },
        ...attributes,
        metric: metricOf(metric),
        profile: { data: { type: 'profile', attributes: profile } },
      },
    },
  };
}

/** Returns a bulk event body. Each group has a profile and the attributes of its events. */
export function bulkEventBody(
  groups: { profile: Record<string, unknown>; backfill?: boolean; events: Record<string, unknown>[] }[],
) {
  const data = groups.map(({ profile, backfill, events }) => ({
    type: 'event-bulk-create',
    attributes: {
      ...(backfill === undefined ? {} : { backfill }),
      profile: { data: { type: 'profile', attributes: profile } },
      events: {
        data: events.map((attributes) => ({
          type: 'event',
          attributes: { properties: {}, metric: metricOf('Placed Order'), ...attributes },
        })),
      },
    },
  }));
  return { data: { type: 'event-bulk-create-job', attributes: { 'events-bulk-create': { data } } } };
}

export function metricOf(name: string) {
  return { data: { type: 'metric', attributes: { name } } };
}

/** Returns the compound id of a catalog record. */
export function idOf(externalId: string): string {
  return `$custom:::$default:::${externalId}`;
}

/** Returns the API path of a catalog record. */
export function pathOf(collection: string, externalId: string): string {
  return `/api/${collection}/${encodeURIComponent(idOf(externalId))}`;
}

export function item(externalId: string, categories: string[] = [], attributes: Record<string, unknown> = {}) {
  return {
    type: 'catalog-item',
    attributes: { external_id: externalId, title: 'Jeans', description: '', url: 'None', ...attributes },
    relationships: { categories: { data: categories.map((id) => ({ type: 'catalog-category', id: idOf(id) })) } },
  };
}

export function variant(sku: string, itemId: string, attributes: Record<string, unknown> = {}) {
  const stock = { sku, inventory_quantity: 3, inventory_policy: 1, price: 10 };
  return {
    type: 'catalog-variant',
    attributes: { external_id: sku, title: 'Jeans', description: '', url: 'None', ...stock, ...attributes },
    relationships: { item: { data: { type: 'catalog-item', id: idOf(itemId) } } },
  };
}

export function category(externalId: string, name = 'Women > Jeans') {
  return { type: 'catalog-category', attributes: { external_id: externalId, name } };
}
