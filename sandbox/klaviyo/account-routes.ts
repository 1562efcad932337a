/** Routes for the account, its metrics and the mapped metrics. */
import { randomUUID } from 'node:crypto';

import { type Account, accountId } from './account.ts';
import type { Api, ApiResponse, Call } from './api.ts';
import type { Bodies } from './bodies.ts';
import { invalid, notFound, RequestError } from './errors.ts';
import { metricResource } from './event-resources.ts';
import { apiIntegration, type Metric } from './events.ts';
import { type Filter, parseFilter, passes } from './filter.ts';
import { metricAggregates } from './metric-aggregates.ts';
import { paginate, parameter, queryText } from './query.ts';
import { type ResourceContext, relationshipLinks, resource } from './resources.ts';
import { inMicroseconds } from './times.ts';

const created = '2024-01-01T00:00:00.000Z';

// GET /api/mapped-metrics always lists these ids. By default each one maps to the metric with the usual name.
const mappings: Record<string, string | undefined> = {
  added_to_cart: 'Added to Cart',
  cancelled_sales: 'Cancelled Order',
  ordered_product: 'Ordered Product',
  refunded_sales: 'Refunded Order',
  revenue: 'Placed Order',
  started_checkout: 'Started Checkout',
  viewed_product: 'Viewed Product',
};

export function addAccountRoutes(api: Api, account: Account): void {
  api.on('get_accounts', (call) => ({
    status: 200,
    body: {
      data: [accountResource(call)],
      links: { self: `${call.origin}/api/accounts`, next: null, prev: null },
    },
  }));
  api.on('get_account', (call) => {
    if (call.id !== accountId) throw new RequestError(notFound(`An account with id ${call.id} does not exist.`));
    return { status: 200, body: { data: accountResource(call) } };
  });
  // The sandbox has no flows.
  api.on('get_flows', (call) => ({
    status: 200,
    body: { data: [], links: { self: `${call.origin}/api/flows`, next: null, prev: null } },
  }));
  api.on('get_metrics', (call) => {
    const sorts = { created: (metric: Metric) => metric.seq };
    const pageSize = { default: 200, max: 'fixed' } as const;
    const filters = parseFilter(parameter(call.query, 'filter'), metricFilters);
    const records = [...account.events.metrics()].filter((metric) =>
      filters.every((filter) => selectsIntegration(filter, metric)),
    );
    const page = paginate({ ...call, records, pageSize, sorts });
    const included = call.include('flow-triggers').length === 0 ? {} : { included: [] };
    const data = page.records.map((metric) => metricResource(metric, call));
    return { status: 200, body: { data, ...included, links: page.links } };
  });
  api.on('get_metric', (call) => {
    const metric = account.events.metric(call.id);
    if (metric === undefined) throw new RequestError(notFound(`A metric with id ${call.id} does not exist.`));
    return { status: 200, body: { data: metricResource(metric, call) } };
  });
  api.on('get_mapped_metrics', (call) => mapped(account, call, Object.keys(mappings)));
  api.on('get_mapped_metric', (call) => {
    if (!Object.hasOwn(mappings, call.id))
      throw new RequestError(invalid(`'${call.id}' is not a valid choice for 'id'.`, '/data/attributes/id'));
    return mapped(account, call, call.id);
  });
  api.onBody('query_metric_aggregates', ({ data }, call) => {
    const ref = { type: 'metric-aggregate', path: 'metric-aggregates', id: randomUUID() };
    const self = `${call.origin}${call.path}`;
    // An aggregate can't be read by its id, so its link is that of the collection.
    const answer = { ...resource(call, ref, metricAggregates(account, data.attributes)), links: { self: `${self}/` } };
    return {
      status: 200,
      body: { data: answer, links: { self: `${self}${queryText(call.query)}`, next: null, prev: null } },
    };
  });
  api.onBody('update_mapped_metric', (body, call) => setMapping(account, body, call));
}

function setMapping(account: Account, { data }: Bodies['update_mapped_metric'], call: Call): ApiResponse {
  const metricId = data.relationships?.metric?.data?.id;
  if (metricId === undefined) throw new RequestError(invalid('A metric is required.', '/data/relationships/metric'));
  if (account.events.metric(metricId) === undefined)
    throw new RequestError(notFound(`A metric with id ${metricId} does not exist.`));
  account.mappedMetrics.set(data.id, metricId);
  return mapped(account, call, data.id);
}

const metricFilters = { 'integration.name': ['equals'], 'integration.category': ['equals'] };

/** Klaviyo's filter on the category finds none of the metrics of the integration API. */
function selectsIntegration(filter: Filter, { integration }: Metric): boolean {
  return filter.field === 'integration.name' && passes(filter, integration);
}

function mapped(account: Account, call: Call, ids: string | string[]): ApiResponse {
  const known = [...account.events.metrics()];
  function metricOf(id: string): Metric | undefined {
    const set = account.mappedMetrics.get(id);
    if (set !== undefined) return account.events.metric(set);
    if (account.behaviours.mappingOfNewMetric === 'none') return undefined;
    return known.find(({ name, integration }) => name === mappings[id] && integration === apiIntegration);
  }
  const write = (id: string) => {
    const metric = metricOf(id);
    const ref = { type: 'mapped-metric', path: 'mapped-metrics', id };
    const written = resource(call, ref, { updated: inMicroseconds(metric?.updated ?? created) });
    if (metric === undefined) return written;
    const data = { type: 'metric', id: metric.id };
    return { ...written, relationships: { metric: { data, ...relationshipLinks(call, ref, 'metric') } } };
  };
  const metrics = [ids].flat().flatMap((id) => metricOf(id) ?? []);
  const include = call.include('metric', 'custom-metric');
  const records = include.includes('metric') ? metrics : [];
  const included = include.length === 0 ? {} : { included: records.map((metric) => metricResource(metric, call)) };
  const data = typeof ids === 'string' ? write(ids) : ids.map(write);
  return { status: 200, body: { data, ...included } };
}

function accountResource(context: ResourceContext) {
  const address = {
    address1: 'Teststr. 1',
    address2: '2nd floor',
    city: 'Berlin',
    region: null,
    country: 'Germany',
    zip: '10115',
  };
  return resource(
    context,
    { type: 'account', path: 'accounts', id: accountId },
    {
      test_account: true,
      contact_information: {
        default_sender_name: 'Sandbox',
        default_sender_email: 'sandbox@example.com',
        website_url: 'https://example.com',
        organization_name: 'Klaviyo sandbox',
        street_address: address,
      },
      industry: 'Software / SaaS',
      timezone: 'Europe/Berlin',
      preferred_currency: 'EUR',
      public_api_key: accountId,
      locale: 'en-US',
    },
  );
}
