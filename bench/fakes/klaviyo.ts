/**
 * Counting Klaviyo: the documented limits and real response shapes, with counts and hashes instead of records, so that
 * its memory does not grow with the input. For the catalog it keeps what a comparison needs. Argument: JSON with
 * `limits` (1: as documented, or "none") and `jobMs`, the job duration in milliseconds ("recorded": as of real jobs).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { catalogJobMs } from '../../sandbox/klaviyo/job-durations.ts';
import { type OperationName, operations } from '../../sandbox/klaviyo/operations.ts';
import { createRateLimiter } from '../../sandbox/klaviyo/rate-limits.ts';
import { createCatalog } from './catalog.ts';
import { createCounters } from './counters.ts';
import { numberOf } from './records.ts';

const options = z
  .object({ limits: z.union([z.number(), z.literal('none')]), jobMs: z.union([z.number(), z.literal('recorded')]) })
  .parse(JSON.parse(process.argv[2] ?? '{}'));
const limits = createRateLimiter(options.limits);
const counters = createCounters();
let catalog = createCatalog();

interface Job {
  id: string;
  type: string;
  createdAt: string;
  endsAt: number;
  total: number;
}
/** Latest jobs by type, bounded. */
const jobs = new Map<string, Job[]>();
let jobCount = 0;
const jobCounts = new Map<string, number>();
const maxJobs = 5_000;

/** Ids of the latest events, bounded: the service verifies its first bulk body by them. */
const eventIds = new Set<string>();
const maxEventIds = 5_000;
const metrics = ['Placed Order', 'Ordered Product', 'Fulfilled Order', 'Cancelled Order', 'Refunded Order'].map(
  (name) => ({ type: 'metric', id: name, attributes: { name } }),
);

function noteEventIds(body: Buffer): void {
  for (const [, id = ''] of body.toString().matchAll(/"unique_id":"([^"]+)"/g)) {
    eventIds.add(id);
    if (eventIds.size <= maxEventIds) continue;
    const [oldest] = eventIds;
    if (oldest !== undefined) eventIds.delete(oldest);
  }
}

/** No profile has the order of another one. */
function listEvents(query: URLSearchParams) {
  if (query.get('filter')?.includes('profile_id')) return [];
  return [...eventIds].map((id) => ({ type: 'event', id, attributes: { event_properties: { $event_id: id } } }));
}

/** Everybody has a profile, also each further e-mail of an order. */
function listProfiles(query: URLSearchParams) {
  const [, field = '', list = '[]'] = /^any\((\w+),(.*)\)$/.exec(query.get('filter') ?? '') ?? [];
  const values = z.array(z.string()).parse(JSON.parse(list));
  return values.map((value) => {
    const email = field === 'email' ? value : `person.${numberOf(value)}@shop.example`;
    const attributes = { email, external_id: field === 'external_id' ? value : null, location: { city: 'Berlin' } };
    return { type: 'profile', id: `P-${value}`, attributes };
  });
}

const routes = Object.entries(operations).map(([name, { method, path }]) => ({
  name,
  method,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`),
}));
function nameOf(name: string): OperationName {
  if (isOperation(name)) return name;
  throw new Error(`no operation ${name}`);
}
const isOperation = (name: string): name is OperationName => name in operations;
const known = new Map<string, { name: OperationName; id: string } | undefined>();

function routeOf(method: string, path: string): { name: OperationName; id: string } | undefined {
  const key = `${method} ${path}`;
  if (known.has(key)) return known.get(key);
  const found = routes.find((route) => route.method === method && route.pattern.test(path));
  const route = found && { name: nameOf(found.name), id: decodeURIComponent(found.pattern.exec(path)?.[1] ?? '') };
  if (known.size < 1_000) known.set(key, route);
  return route;
}

async function handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://klaviyo');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  const route = routeOf(request.method ?? 'GET', url.pathname);
  if (!route) return send(response, 404, { errors: [{ code: 'not_found', detail: url.pathname }] });
  const spent = limits.spend(route.name);
  if (spent.throttled) {
    counters.request(route.name, 429, body.length);
    response.setHeader('retry-after', String(spent.retryAfterSeconds));
    return send(response, 429, { errors: [{ code: 'throttled', detail: 'too many requests' }] });
  }
  for (const [name, value] of Object.entries(spent.headers)) response.setHeader(name, value);
  const { status, responseBody } = handle(route.name, { id: route.id, query: url.searchParams, body });
  counters.request(route.name, status, body.length);
  send(response, status, responseBody);
}

interface RequestParts {
  id: string;
  query: URLSearchParams;
  body: Buffer;
}

function handle(name: OperationName, request: RequestParts): { status: number; responseBody?: unknown } {
  if (name === 'create_event' || name === 'bulk_create_events') {
    noteEventIds(request.body);
    const records = name === 'create_event' ? counters.event(request.body) : counters.events(request.body);
    return accepted(name, records, 202);
  }
  if (name === 'get_metrics') return { status: 200, responseBody: { data: metrics } };
  if (name === 'get_events') return { status: 200, responseBody: { data: listEvents(request.query) } };
  if (name === 'get_profiles') return { status: 200, responseBody: { data: listProfiles(request.query) } };
  if (name === 'create_or_update_profile')
    return accepted(name, counters.profiles(request.body), 200, { data: { type: 'profile', id: 'P' } });
  if (name === 'bulk_import_profiles')
    return startJob(name, 'profile-bulk-import-job', counters.profiles(request.body));
  const job = /^bulk_(create|update|delete)_catalog_(item|variant|categorie)s$/.exec(name);
  if (job) {
    const recordType = job[2] === 'categorie' ? 'category' : (job[2] ?? '');
    return startJob(name, `catalog-${recordType}-bulk-${job[1]}-job`, catalog.apply(recordType, request.body).length);
  }
  if (name.startsWith('get_bulk_') && name.endsWith('_jobs'))
    return { status: 200, responseBody: listJobs(name, request.query) };
  if (name === 'get_catalog_items' || name === 'get_catalog_categories')
    return { status: 200, responseBody: catalog.list(name, request.query) };
  if (/^(create|update)_catalog_/.test(name)) {
    counters.fill(name, catalog.apply(name.split('_')[2] ?? '', request.body).length);
    return { status: 200, responseBody: { data: { type: 'record', id: request.id } } };
  }
  return { status: 200, responseBody: { data: [] } };
}

function accepted(name: OperationName, records: number, status: number, responseBody?: unknown) {
  counters.fill(name, records);
  return { status, ...(responseBody === undefined ? {} : { responseBody }) };
}

function startJob(name: OperationName, type: string, total: number): { status: number; responseBody: unknown } {
  counters.fill(name, total);
  jobCount += 1;
  const index = jobCounts.get(type) ?? 0;
  jobCounts.set(type, index + 1);
  const job = {
    id: `J${jobCount}`,
    type,
    createdAt: new Date().toISOString(),
    endsAt: Date.now() + catalogJobMs(options.jobMs, index + 1),
    total,
  };
  const all = jobs.get(type) ?? [];
  jobs.set(type, all);
  all.push(job);
  if (all.length > maxJobs) all.shift();
  return { status: 202, responseBody: { data: { type, id: job.id } } };
}

/** Returns a page of 100 jobs, newest first. The cursor is the number of skipped jobs. */
function listJobs(name: string, query: URLSearchParams) {
  const [, action, kind] = /^get_bulk_(\w+?)_(?:catalog_)?(item|variant|categorie|profile)s_jobs$/.exec(name) ?? [];
  const type =
    kind === 'profile'
      ? 'profile-bulk-import-job'
      : `catalog-${kind === 'categorie' ? 'category' : kind}-bulk-${action}-job`;
  const all = jobs.get(type) ?? [];
  const skipped = Number(query.get('page[cursor]') ?? 0);
  const end = all.length - skipped;
  const now = Date.now();
  const data = all
    .slice(Math.max(0, end - 100), Math.max(0, end))
    .reverse()
    .map((job) => ({
      type,
      id: job.id,
      attributes: {
        status: job.endsAt <= now ? 'complete' : 'processing',
        created_at: job.createdAt,
        total_count: job.total,
        completed_count: job.endsAt <= now ? job.total : 0,
        failed_count: 0,
        errors: [],
      },
    }));
  const next = end > 100 ? `http://klaviyo/?page%5Bcursor%5D=${skipped + 100}` : null;
  return { data, links: { next } };
}

function send(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.api+json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void handleRequest(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` });
});
process.on('message', (message) => {
  if (message === 'report') process.send?.({ report: { ...counters.report(), stock: catalog.stock() } });
  if (message === 'reset') {
    counters.reset();
    process.send?.({ reset: true });
  }
  if (message === 'forget') {
    catalog = createCatalog();
    process.send?.({ forgot: true });
  }
});
process.once('disconnect', () => process.exit(0));
