/** How each recording is replayed: the situation that it needs, and what its request contains. */
import type { KlaviyoSandboxOptions } from '../../sandbox/klaviyo/sandbox.ts';
import {
  bulkEventBody,
  category,
  eventBody,
  idOf,
  profileBody,
  type TestClient,
  untilComplete,
} from '../../sandbox/klaviyo/test-client.ts';
import {
  type CatalogKind,
  email,
  importBody,
  itemBody,
  jobBody,
  knownRecords,
  newRecords,
  prefix,
  prepareJob,
  runJob,
  smokeCatalog,
  smokeEvents,
  smokeProfile,
  startImport,
  startJob,
  variantBody,
} from './situations.ts';

/** What differs from the recorded request. Bodies were not recorded. */
export type PreparedRequest = { path?: string; query?: Record<string, string>; body?: unknown; key?: string };

export type Replay = {
  options?: KlaviyoSandboxOptions;
  /** Brings the sandbox into the situation of the recording. */
  prepare?: (client: TestClient) => Promise<PreparedRequest | undefined>;
};

type Verb = 'create' | 'update' | 'delete';

const asRecorded: Replay = {};
const inCatalog: Replay = { prepare: (client) => smokeCatalog(client).then(() => undefined) };

function withBody(body: unknown): Replay {
  return { prepare: async () => ({ body }) };
}

function recordsOf(kind: CatalogKind, verb: Verb): object[] {
  return verb === 'create' ? newRecords(kind) : knownRecords(kind, verb);
}

const longJobs = { jobMs: 60_000 };

function jobPosted(kind: CatalogKind, verb: Verb): Replay {
  return { options: longJobs, ...withBody(jobBody(kind, verb, recordsOf(kind, verb))) };
}

function jobStarted(kind: CatalogKind, verb: Verb): Replay {
  return {
    options: longJobs,
    prepare: async (client) => ({ path: await startJob(client, kind, verb, recordsOf(kind, verb)) }),
  };
}

function jobCompleted(kind: CatalogKind, verb: Verb): Replay {
  return {
    prepare: async (client) => {
      await prepareJob(client, kind, verb);
      return { path: await runJob(client, kind, verb, recordsOf(kind, verb)) };
    },
  };
}

function jobsListed(kind: CatalogKind, verb: Verb): Replay {
  return {
    prepare: async (client) => {
      await prepareJob(client, kind, verb);
      await runJob(client, kind, verb, recordsOf(kind, verb));
      return undefined;
    },
  };
}

/** A list with a job whose records succeeded and one whose records did not exist. */
function jobsListedWithErrors(kind: CatalogKind, verb: 'update' | 'delete'): Replay {
  return {
    prepare: async (client) => {
      await prepareJob(client, kind, verb);
      await runJob(client, kind, verb, knownRecords(kind, verb, 'none-'));
      await runJob(client, kind, verb, knownRecords(kind, verb));
      return undefined;
    },
  };
}

/** A delete job that has counted its records and is not complete. */
function deletionCounted(kind: CatalogKind): Replay {
  return {
    options: { jobMs: 900, catalogJobRecords: 'before-completion' },
    prepare: async (client) => {
      await prepareJob(client, kind, 'delete');
      const path = await startJob(client, kind, 'delete', knownRecords(kind, 'delete'));
      await new Promise((resolve) => setTimeout(resolve, 450));
      return { path };
    },
  };
}

const item1 = idOf(`${prefix}-item1`);
const listed = (name: string) => ({ type: 'catalog-category', id: idOf(`${prefix}-${name}`) });

function eventPrepared(pathOf: (ids: { metricId: string; eventId: string }) => PreparedRequest): Replay {
  return { prepare: async (client) => pathOf(await smokeEvents(client)) };
}

function ofProfile(requestOf: (id: string, client: TestClient) => Promise<PreparedRequest> | PreparedRequest): Replay {
  return { prepare: async (client) => requestOf(await smokeProfile(client), client) };
}

const consent = (kind: 'create' | 'delete', state: 'SUBSCRIBED' | 'UNSUBSCRIBED') => {
  const subscriptions = { email: { marketing: { consent: state } } };
  const profiles = { data: [{ type: 'profile', attributes: { email, subscriptions } }] };
  return { data: { type: `profile-subscription-bulk-${kind}-job`, attributes: { profiles } } };
};

const deletion = {
  data: {
    type: 'data-privacy-deletion-job',
    attributes: { profile: { data: { type: 'profile', attributes: { email } } } },
  },
};

/** By the name of the recording. */
export const replays: Record<string, Replay> = {
  'get-accounts.200': asRecorded,
  'get-accounts.401': { prepare: async () => ({ key: 'pk_other' }) },
  'get-accounts.429': { prepare: ({ request }) => request('GET', '/api/accounts').then(() => undefined) },
  'get-account.404': asRecorded,

  'post-events.202': withBody(eventBody({ email }, { unique_id: '1', value: 1, value_currency: 'EUR' })),
  'post-event-bulk-create-jobs.202': withBody(
    bulkEventBody([{ profile: { email }, events: [{ unique_id: '1' }, {}] }]),
  ),
  'get-events.200-include-metric-profile': eventPrepared(({ metricId }) => ({
    query: { filter: `equals(metric_id,"${metricId}")` },
  })),
  'get-event.200': eventPrepared(({ eventId }) => ({ path: `/api/events/${eventId}` })),
  'get-event.400-malformed-id': asRecorded,
  'get-metrics.200-filter-integration': eventPrepared(() => ({})),
  'get-metric.404': asRecorded,
  'post-metric-aggregates.200': eventPrepared(({ metricId }) => ({
    body: {
      data: {
        type: 'metric-aggregate',
        attributes: {
          metric_id: metricId,
          measurements: ['count', 'sum_value', 'unique'],
          interval: 'day',
          filter: ['greater-or-equal(datetime,2026-09-01T00:00:00)', 'less-than(datetime,2026-09-06T00:00:00)'],
        },
      },
    },
  })),
  'get-mapped-metrics.200-include': {
    prepare: ({ request }) =>
      request('POST', '/api/events', eventBody({ email }, {}, 'Viewed Product')).then(() => undefined),
  },
  'get-mapped-metric.400-unknown-id': asRecorded,

  'post-profile-import.201': withBody(profileBody({ email, first_name: 'Bee', properties: { source: 'import' } })),
  'post-profile-import.200-known': ofProfile(async (id, { request }) => {
    const unset = { patch_properties: { unset: ['plan'] } };
    await request('PATCH', `/api/profiles/${id}`, { data: { ...profileBody({}, id).data, meta: unset } });
    const meta = { patch_properties: { append: { tags: 'imp' } } };
    return { body: { data: { ...profileBody({ last_name: 'Imported' }, id).data, meta } } };
  }),
  'post-profiles.201': withBody(profileBody({ email })),
  'post-profiles.409-duplicate': ofProfile(() => ({ body: profileBody({ email }) })),
  'patch-profile.200-patch-properties': ofProfile((id) => {
    const meta = { patch_properties: { append: { tags: 'z' }, unset: 'plan' } };
    const attributes = { first_name: 'Smokey', properties: { score: 8 } };
    return { path: `/api/profiles/${id}`, body: { data: { ...profileBody(attributes, id).data, meta } } };
  }),
  'get-profile.200-subscriptions': ofProfile((id) => ({ path: `/api/profiles/${id}` })),
  'get-profile.404': asRecorded,
  'get-profiles.200-filter-email': ofProfile(() => ({})),
  'post-profile-merge.202': ofProfile(async (id, { request }) => {
    const other = await request('POST', '/api/profiles', profileBody({ email: 'other@example.com' }));
    const source = { type: 'profile', id: other.data[0]?.id };
    return { body: { data: { type: 'profile-merge', id, relationships: { profiles: { data: [source] } } } } };
  }),
  'post-data-privacy-deletion-jobs.202': ofProfile(() => ({ body: deletion })),
  'post-data-privacy-deletion-jobs.404': withBody(deletion),
  'post-profile-subscription-bulk-create-jobs.202': withBody(consent('create', 'SUBSCRIBED')),
  'post-profile-subscription-bulk-delete-jobs.202': withBody(consent('delete', 'UNSUBSCRIBED')),
  'post-profile-bulk-import-jobs.202': withBody(importBody()),
  'get-profile-bulk-import-job.200-queued': {
    options: longJobs,
    prepare: async (client) => ({ path: await startImport(client) }),
  },
  'get-profile-bulk-import-job.404': asRecorded,
  'get-profile-bulk-import-jobs.200-complete': {
    prepare: async (client) => {
      await untilComplete(client, await startImport(client));
      return undefined;
    },
  },
  'get-profile-bulk-import-job-import-errors.200-empty': {
    prepare: async (client) => ({ path: `${await startImport(client)}/import-errors` }),
  },

  'post-catalog-items.201': {
    prepare: async ({ request }) => {
      await request('POST', '/api/catalog-categories', { data: category(`${prefix}-cat1`) });
      return { body: { data: itemBody('item2', ['cat1']) } };
    },
  },
  'patch-catalog-item.200': {
    prepare: async (client) => {
      await smokeCatalog(client);
      const custom_metadata = { smokeRun: '1', colour: 'red' };
      const data = { type: 'catalog-item', id: item1, attributes: { custom_metadata } };
      await client.request('PATCH', `/api/catalog-items/${item1}`, { data });
      return { body: { data: { type: 'catalog-item', id: item1, attributes: { published: true } } } };
    },
  },
  'get-catalog-item.200-include-variants': inCatalog,
  'get-catalog-item.404': asRecorded,
  'get-catalog-items.200-any-ids-include-variants': inCatalog,
  'get-catalog-item-variants.200-filter-sku': inCatalog,
  'get-catalog-item-categories.200-filter-name': inCatalog,
  'get-catalog-item-relationships-variants.200': inCatalog,
  'get-catalog-item-relationships-categories.200': inCatalog,
  'post-catalog-item-relationships-categories.204': {
    prepare: (client) => smokeCatalog(client).then(() => ({ body: { data: [listed('cat2')] } })),
  },
  'delete-catalog-item.204': inCatalog,
  'delete-catalog-item.404': asRecorded,

  'post-catalog-variants.201': {
    prepare: async ({ request }) => {
      await request('POST', '/api/catalog-items', { data: itemBody('item2', []) });
      return { body: { data: variantBody('item2-v1', 'item2', 'S') } };
    },
  },
  'patch-catalog-variant.200': {
    prepare: async (client) => {
      await smokeCatalog(client);
      const id = idOf(`${prefix}-item1-v1`);
      return { body: { data: { type: 'catalog-variant', id, attributes: { sku: 'SKU-UPDATED', price: 21.5 } } } };
    },
  },
  'get-catalog-variant.200-sparse': {
    prepare: (client) => prepareJob(client, 'variant', 'update').then(() => undefined),
  },
  'get-catalog-variant.404': asRecorded,
  'get-catalog-variants.200-filter-sku-published': inCatalog,
  'delete-catalog-variant.404': asRecorded,

  'post-catalog-categories.201': withBody({ data: category(`${prefix}-cat2`) }),
  'patch-catalog-category.200': {
    prepare: async (client) => {
      await smokeCatalog(client);
      const data = { type: 'catalog-category', id: idOf(`${prefix}-cat1`), attributes: { name: 'Renamed' } };
      return { body: { data } };
    },
  },
  'get-catalog-category.200-sparse': {
    prepare: (client) => prepareJob(client, 'category', 'update').then(() => undefined),
  },
  'get-catalog-category.404': asRecorded,
  'get-catalog-categories.200-filter-item': inCatalog,
  'get-catalog-category-items.200-include-variants': inCatalog,
  'delete-catalog-category.404': asRecorded,

  'post-catalog-item-bulk-create-jobs.202': jobPosted('item', 'create'),
  'post-catalog-item-bulk-update-jobs.202': jobPosted('item', 'update'),
  'post-catalog-item-bulk-delete-jobs.202': jobPosted('item', 'delete'),
  'post-catalog-variant-bulk-create-jobs.202': jobPosted('variant', 'create'),
  'post-catalog-variant-bulk-update-jobs.202': jobPosted('variant', 'update'),
  'post-catalog-variant-bulk-delete-jobs.202': jobPosted('variant', 'delete'),
  'post-catalog-category-bulk-create-jobs.202': jobPosted('category', 'create'),
  'get-catalog-item-bulk-create-job.200-processing': jobStarted('item', 'create'),
  'get-catalog-item-bulk-update-job.200-processing': jobStarted('item', 'update'),
  'get-catalog-item-bulk-delete-job.200-processing-all-counted': deletionCounted('item'),
  'get-catalog-variant-bulk-create-job.200-processing': jobStarted('variant', 'create'),
  'get-catalog-variant-bulk-delete-job.200-complete': jobCompleted('variant', 'delete'),
  'get-catalog-category-bulk-create-job.200-processing': jobStarted('category', 'create'),
  'get-catalog-category-bulk-update-job.200-processing': jobStarted('category', 'update'),
  'get-catalog-category-bulk-delete-job.200-processing-all-counted': deletionCounted('category'),
  'get-catalog-item-bulk-create-job.404': asRecorded,
  'get-catalog-item-bulk-create-jobs.200-complete': jobsListed('item', 'create'),
  'get-catalog-item-bulk-update-jobs.200-with-errors': jobsListedWithErrors('item', 'update'),
  'get-catalog-item-bulk-delete-jobs.200-with-errors': jobsListedWithErrors('item', 'delete'),
  'get-catalog-variant-bulk-create-jobs.200-complete': jobsListed('variant', 'create'),
  'get-catalog-variant-bulk-update-jobs.200-complete': jobsListed('variant', 'update'),
  'get-catalog-variant-bulk-delete-jobs.200-complete': jobsListed('variant', 'delete'),
  'get-catalog-category-bulk-create-jobs.200-complete': jobsListed('category', 'create'),
  'get-catalog-category-bulk-delete-jobs.200-complete': jobsListed('category', 'delete'),
};
