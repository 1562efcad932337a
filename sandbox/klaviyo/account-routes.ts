/** Routes for the account, its metrics and the mapped metrics. */
import type { Account } from './account.ts';
import type { Api, ApiResponse, Call } from './api.ts';
import { notFound, RequestError } from './errors.ts';
import type { Metric } from './events.ts';
import { paginate } from './query.ts';
import { metricResource, type ResourceContext, resource } from './resources.ts';

const accountId = 'SNDBOX';
const created = '2024-01-01T00:00:00+00:00';

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
    body: { data: [accountResource(call)], links: { self: `${call.origin}/api/accounts` } },
  }));
  api.on('get_account', (call) => {
    if (call.id !== accountId) throw new RequestError(notFound(`An account with id ${call.id} does not exist.`));
    return { status: 200, body: { data: accountResource(call) } };
  });
  // The sandbox has no flows.
  api.on('get_flows', (call) => ({ status: 200, body: { data: [], links: { self: `${call.origin}/api/flows` } } }));
  api.on('get_metrics', (call) => {
    const sorts = { created: (metric: Metric) => metric.seq };
    const pageSize = { default: 200, max: 200 };
    const page = paginate({ ...call, records: account.events.metrics(), pageSize, sorts });
    return {
      status: 200,
      body: { data: page.records.map((metric) => metricResource(metric, call)), links: page.links },
    };
  });
  api.on('get_metric', (call) => {
    const metric = account.events.metric(call.id);
    if (metric === undefined) throw new RequestError(notFound(`A metric with id ${call.id} does not exist.`));
    return { status: 200, body: { data: metricResource(metric, call) } };
  });
  api.on('get_mapped_metrics', (call) => mapped(account, call, Object.keys(mappings)));
  api.on('get_mapped_metric', (call) => {
    if (!Object.hasOwn(mappings, call.id))
      throw new RequestError(notFound(`A mapped metric with id ${call.id} does not exist.`));
    return mapped(account, call, call.id);
  });
}

function mapped(account: Account, call: Call, ids: string | string[]): ApiResponse {
  const known = new Map([...account.events.metrics()].map((metric) => [metric.name, metric]));
  const metricOf = (id: string) => known.get(mappings[id] ?? '');
  const write = (id: string) => {
    const metric = metricOf(id);
    const data = metric === undefined ? null : { type: 'metric', id: metric.id };
    const attributes = { updated: metric?.updated ?? created };
    return {
      ...resource(call, { type: 'mapped-metric', path: 'mapped-metrics', id }, attributes),
      relationships: { metric: { data } },
    };
  };
  const metrics = [ids].flat().flatMap((id) => metricOf(id) ?? []);
  const included = call.include('metric', 'custom-metric').includes('metric')
    ? { included: metrics.map((metric) => metricResource(metric, call)) }
    : {};
  const data = typeof ids === 'string' ? write(ids) : ids.map(write);
  return { status: 200, body: { data, ...included, links: { self: `${call.origin}${call.path}` } } };
}

function accountResource(context: ResourceContext) {
  const address = { address1: null, address2: null, city: null, region: null, country: null, zip: null };
  return resource(
    context,
    { type: 'account', path: 'accounts', id: accountId },
    {
      test_account: true,
      contact_information: {
        default_sender_name: 'Sandbox',
        default_sender_email: 'sandbox@example.com',
        website_url: null,
        organization_name: 'Klaviyo sandbox',
        street_address: address,
      },
      industry: null,
      timezone: 'Europe/Berlin',
      preferred_currency: 'EUR',
      public_api_key: accountId,
      locale: 'en-US',
    },
  );
}
