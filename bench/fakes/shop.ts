/**
 * Generated commercetools API over HTTP: keyset pages and lookups by id, with records generated on request. Implements
 * only the requests of the service; optimized for speed, unlike the sandbox's mock. Argument: JSON with ShopSize and
 * `pageMs`, the duration of a page request in milliseconds.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  categories,
  customer,
  idOf,
  inventoryEntry,
  numberOf,
  order,
  product,
  type ShopSize,
  skuOfEntry,
} from './records.ts';

const size = z
  .object({
    customers: z.int(),
    orders: z.int(),
    products: z.int(),
    differingEmails: z.number().optional(),
    pageMs: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

/** Quantity by SKU, as last set by the driver. */
const stock = new Map<string, number>();
const quantityOf = (sku: string) => stock.get(sku) ?? 7;

interface Resource {
  total: number;
  make(number: number, size: ShopSize): object;
}
const resources: Record<string, Resource> = {
  customers: { total: size.customers, make: customer },
  orders: { total: size.orders, make: order },
  products: { total: size.products, make: (number) => product(number, size.products) },
};
/** Cache of serialized pages, bounded: the floor requests the same pages as the service. */
const pages = new Map<string, string>();
const maxPages = 64;

function pageOf(name: string, query: URLSearchParams): string {
  const limit = Number(query.get('limit') ?? 20);
  if (name === 'categories') return listed(categories.map((category) => JSON.stringify(category)));
  const resource = resources[name];
  if (!resource || query.has('var.until')) return listed([]);
  const { total, make } = resource;
  const where = query.getAll('where').join(' ');
  const lower = query.get('var.lower');
  const to = query.get('var.to');
  let first = lower === null ? 0 : lowest(lower, total);
  if (lower !== null && where.includes('id > :lower') && idOf(first, total) === lower) first += 1;
  const end = Math.min(total, first + limit, to === null ? total : lowest(to, total));
  const texts: string[] = [];
  for (let number = first; number < end; number += 1) texts.push(JSON.stringify(make(number, size)));
  return listed(texts);
}

/** Returns the lowest number whose id is not lower than the given one. */
function lowest(id: string, total: number): number {
  let [low, high] = [0, total];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (idOf(middle, total) >= id) high = middle;
    else low = middle + 1;
  }
  return low;
}

function byValues(name: string, query: URLSearchParams): string {
  const values = query.getAll('var.values');
  if (name === 'inventory') {
    const skus = query.getAll('where').join(' ').startsWith('sku') ? values : values.map(skuOfEntry);
    return listed(skus.map((sku) => JSON.stringify(inventoryEntry(sku, quantityOf(sku)))));
  }
  const resource = resources[name];
  if (!resource) return listed([]);
  return listed(values.map((id) => JSON.stringify(resource.make(numberOf(id), size))));
}

function listed(texts: readonly string[]): string {
  return `{"limit":500,"offset":0,"count":${texts.length},"results":[${texts.join(',')}]}`;
}

async function handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://shop');
  request.resume();
  if (url.pathname.startsWith('/oauth'))
    return send(
      response,
      '{"access_token":"t","token_type":"Bearer","expires_in":172800,"scope":"manage_project:bench"}',
    );
  const name = url.pathname.split('/')[2] ?? '';
  if (url.searchParams.has('var.values')) return send(response, byValues(name, url.searchParams));
  await sleep(size.pageMs);
  const key = url.search + name;
  const known = pages.get(key) ?? pageOf(name, url.searchParams);
  pages.set(key, known);
  if (pages.size > maxPages) pages.delete(pages.keys().next().value ?? '');
  send(response, known);
}

function send(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(body);
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void handleRequest(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` });
});
process.on('message', (message: { set?: [string, number][] }) => {
  for (const [sku, quantity] of message.set ?? []) stock.set(sku, quantity);
});
process.once('disconnect', () => process.exit(0));
