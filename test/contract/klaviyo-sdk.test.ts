/**
 * Klaviyo's own client against the sandbox: what the sandbox accepts and answers has to be what a client reads that was
 * generated from Klaviyo's API description by others.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  AccountsApi,
  ApiKeySession,
  CatalogsApi,
  DataPrivacyApi,
  EventsApi,
  MetricsApi,
  ProfilesApi,
  RetryWithExponentialBackoff,
} from 'klaviyo-api';
import { z } from 'zod';
import { type KlaviyoSandbox, startKlaviyoSandbox } from '../../sandbox/klaviyo/sandbox.ts';

const id = (externalId: string) => `$custom:::$default:::${externalId}`;
const link = <T extends string>(type: T, externalId: string) => ({ type, id: id(externalId) });
const texts = { title: 'Jeans', description: 'Blue', url: 'https://example.com/jeans' };
const failed = z.object({
  response: z.object({
    status: z.number(),
    data: z.object({ errors: z.array(z.object({ code: z.string(), source: z.object({ pointer: z.string() }) })) }),
  }),
});

/** Returns status, code and pointer of the error of a call. */
async function errorOf(call: Promise<unknown>): Promise<(string | number | undefined)[]> {
  try {
    await call;
  } catch (error) {
    const { status, data } = failed.parse(error).response;
    return [status, data.errors[0]?.code, data.errors[0]?.source.pointer];
  }
  return assert.fail('the call succeeded');
}

/** Polls a job until it is complete. */
async function untilComplete<A extends { status: unknown }>(
  read: () => Promise<{ body: { data: { attributes: A } } }>,
) {
  for (let tries = 0; tries < 200; tries += 1) {
    const { attributes } = (await read()).body.data;
    if (attributes.status === 'complete') return attributes;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail('the job did not complete');
}

describe("Klaviyo's SDK against the sandbox", () => {
  let sandbox: KlaviyoSandbox;
  let accounts: AccountsApi;
  let catalogs: CatalogsApi;
  let events: EventsApi;
  let metrics: MetricsApi;
  let privacy: DataPrivacyApi;
  let profiles: ProfilesApi;

  before(async () => {
    sandbox = await startKlaviyoSandbox({ limits: 'none', jobMs: 30, record: false });
    const session = new ApiKeySession('pk_sandbox', new RetryWithExponentialBackoff({ numRetries: 1 }));
    accounts = at(new AccountsApi(session));
    catalogs = at(new CatalogsApi(session));
    events = at(new EventsApi(session));
    metrics = at(new MetricsApi(session));
    privacy = at(new DataPrivacyApi(session));
    profiles = at(new ProfilesApi(session));
  });
  after(() => sandbox.stop());

  function at<T extends { basePath: string }>(api: T): T {
    api.basePath = sandbox.url;
    return api;
  }

  test('account: read, and 404 and 401 as errors', async () => {
    const [account] = (await accounts.getAccounts()).body.data;
    assert.equal(account?.attributes.preferredCurrency, 'EUR');
    assert.equal((await accounts.getAccount(account?.id ?? '')).body.data.id, account?.id);
    assert.deepEqual(await errorOf(accounts.getAccount('NOPE01')), [404, 'not_found', '/data/']);
    const other = at(new AccountsApi(new ApiKeySession('pk_other')));
    assert.deepEqual(await errorOf(other.getAccounts()), [401, 'authentication_failed', '/data/']);
  });

  test('profiles: created, imported, updated, found, merged and deleted', async () => {
    const attributes = { email: 'ada@example.com', externalId: '1', firstName: 'Ada', properties: { size: 'M' } };
    const created = (await profiles.createProfile({ data: { type: 'profile', attributes } })).body.data;
    const profileId = created.id ?? '';
    assert.deepEqual([created.attributes.firstName, created.attributes.location?.city], ['Ada', null]);
    assert.deepEqual(await errorOf(profiles.createProfile({ data: { type: 'profile', attributes } })), [
      409,
      'duplicate_profile',
      '/data/attributes',
    ]);
    const imported = await profiles.createOrUpdateProfile({
      data: { type: 'profile', attributes: { email: 'ada@example.com', location: { city: 'Berlin' } } },
    });
    assert.deepEqual([imported.response.status, imported.body.data.attributes.location?.city], [200, 'Berlin']);
    const updated = await profiles.updateProfile(profileId, {
      data: { type: 'profile', id: profileId, attributes: { lastName: 'Lovelace' } },
    });
    assert.equal(updated.body.data.attributes.lastName, 'Lovelace');
    const read = await profiles.getProfile(profileId, { additionalFieldsProfile: ['subscriptions'] });
    assert.equal(read.body.data.attributes.subscriptions?.email?.marketing?.consent, 'NEVER_SUBSCRIBED');
    const found = await profiles.getProfiles({ filter: 'equals(email,"ada@example.com")' });
    assert.deepEqual(
      found.body.data.map((profile) => profile.id),
      [profileId],
    );
    const other = await profiles.createOrUpdateProfile({
      data: { type: 'profile', attributes: { email: 'byron@example.com' } },
    });
    const merged = await profiles.mergeProfiles({
      data: {
        type: 'profile-merge',
        id: profileId,
        relationships: { profiles: { data: [{ type: 'profile', id: other.body.data.id ?? '' }] } },
      },
    });
    assert.deepEqual([merged.response.status, merged.body.data.id], [202, profileId]);
    const unknown = { type: 'profile', attributes: { email: 'nobody@example.com' } } as const;
    const deletion = (profile: typeof unknown) =>
      privacy.requestProfileDeletion({
        data: { type: 'data-privacy-deletion-job', attributes: { profile: { data: profile } } },
      });
    assert.deepEqual(await errorOf(deletion(unknown)), [404, 'not_found', '/data/']);
    assert.deepEqual(await errorOf(profiles.getProfile('NOPE01')), [404, 'not_found', '/data/']);
  });

  test('profile imports: started, polled, with their errors', async () => {
    const data = ['c@example.com', 'not-an-email'].map((email) => ({
      type: 'profile' as const,
      attributes: { email },
    }));
    const started = await profiles.bulkImportProfiles({
      data: { type: 'profile-bulk-import-job', attributes: { profiles: { data } } },
    });
    const jobId = started.body.data.id;
    assert.equal(started.body.data.attributes.status, 'queued');
    const job = await untilComplete(() => profiles.getBulkImportProfilesJob(jobId));
    assert.deepEqual([job.completedCount, job.failedCount, job.totalCount], [1, 1, 2]);
    const errors = await profiles.getErrorsForBulkImportProfilesJob(jobId);
    assert.equal(errors.body.data[0]?.attributes.source.pointer, '/data/attributes/email');
    assert.equal((await profiles.getBulkImportProfilesJobs({ pageSize: 10 })).body.data[0]?.id, jobId);
    const subscribed = await profiles.bulkSubscribeProfiles({
      data: {
        type: 'profile-subscription-bulk-create-job',
        attributes: {
          profiles: {
            data: [
              {
                type: 'profile',
                attributes: {
                  email: 'c@example.com',
                  subscriptions: { email: { marketing: { consent: 'SUBSCRIBED' } } },
                },
              },
            ],
          },
        },
      },
    });
    assert.equal(subscribed.response.status, 202);
  });

  test('events: single and in bulk, read with metric and profile', async () => {
    const metric = { data: { type: 'metric' as const, attributes: { name: 'Placed Order' } } };
    const profile = { data: { type: 'profile' as const, attributes: { email: 'd@example.com' } } };
    const order = { properties: { OrderId: '1' }, uniqueId: '1', value: 12.5, valueCurrency: 'EUR' };
    const time = new Date('2026-01-02T03:04:05Z');
    const sent = await events.createEvent({ data: { type: 'event', attributes: { ...order, time, metric, profile } } });
    assert.equal(sent.response.status, 202);
    const bulk = { properties: {}, uniqueId: '2', time: new Date('2026-01-02T03:04:06Z'), metric };
    const group = { backfill: true, profile, events: { data: [{ type: 'event' as const, attributes: bulk }] } };
    const accepted = await events.bulkCreateEvents({
      data: {
        type: 'event-bulk-create-job',
        attributes: { eventsBulkCreate: { data: [{ type: 'event-bulk-create', attributes: group }] } },
      },
    });
    assert.equal(accepted.response.status, 202);
    const listed = (await events.getEvents({ sort: 'datetime', include: ['metric', 'profile'] })).body;
    assert.deepEqual(
      listed.data.map(({ attributes }) => attributes.eventProperties),
      [
        { OrderId: '1', $value_currency: 'EUR', $event_id: '1', $value: 12.5 },
        { $event_id: '2', $value: 0 },
      ],
    );
    assert.deepEqual(listed.included?.map(({ type }) => type).sort(), ['metric', 'profile']);
    const [first] = listed.data;
    assert.equal((await events.getEvent(first?.id ?? '')).body.data.attributes.uuid, first?.attributes.uuid);
    assert.deepEqual(await errorOf(events.getEvent('NOPE01')), [400, 'invalid', '/data/id']);
    const nameless = { ...profile, data: { type: 'profile' as const, attributes: {} } };
    const invalid = events.createEvent({
      data: { type: 'event', attributes: { ...order, metric, profile: nameless } },
    });
    assert.deepEqual(await errorOf(invalid), [400, 'invalid', '/data/attributes/profile/data/attributes']);
    const [shown] = (await metrics.getMetrics()).body.data;
    assert.equal((await metrics.getMetric(shown?.id ?? '')).body.data.attributes.name, 'Placed Order');
    assert.equal((await metrics.getMappedMetrics({ include: ['metric'] })).body.included?.length, 1);
    assert.equal((await metrics.getMappedMetric('revenue')).body.data.relationships?.metric?.data?.id, shown?.id);
  });

  test('catalog: records created, linked, read, updated and deleted one by one', async () => {
    await catalogs.createCatalogCategory({
      data: { type: 'catalog-category', attributes: { externalId: 'women', name: 'Women' } },
    });
    const item = { type: 'catalog-item' as const, attributes: { externalId: 'p1', ...texts } };
    const created = (await catalogs.createCatalogItem({ data: item })).body.data.attributes;
    assert.deepEqual([created.imageFullUrl, created.images, created.price, created.published], ['', [], null, true]);
    assert.deepEqual((await errorOf(catalogs.createCatalogItem({ data: item }))).slice(0, 1), [409]);
    const stock = { sku: 'a', inventoryQuantity: 3, price: 10 };
    await catalogs.createCatalogVariant({
      data: {
        type: 'catalog-variant',
        attributes: { externalId: 'a', ...texts, ...stock },
        relationships: { item: { data: link('catalog-item', 'p1') } },
      },
    });
    const categories = { data: [link('catalog-category', 'women')] };
    await catalogs.addCategoriesToCatalogItem(id('p1'), categories);
    const again = catalogs.addCategoriesToCatalogItem(id('p1'), categories);
    assert.deepEqual(await errorOf(again), [409, 'conflict', '/data/id']);
    const linked = (await catalogs.getCategoryIdsForCatalogItem(id('p1'))).body.data;
    assert.deepEqual(
      linked.map((category) => category.id),
      [id('women')],
    );
    const read = (await catalogs.getCatalogItem(id('p1'), { include: ['variants'] })).body;
    assert.deepEqual([read.data.relationships?.variants?.data?.length, read.included?.length], [1, 1]);
    const variants = (await catalogs.getCatalogVariants({ filter: `any(ids,["${id('a')}"])` })).body.data;
    assert.deepEqual(
      variants.map(({ attributes, relationships }) => [attributes.sku, relationships?.item?.data]),
      [['a', undefined]],
    );
    assert.equal((await catalogs.getVariantsForCatalogItem(id('p1'))).body.data.length, 1);
    const updated = await catalogs.updateCatalogVariant(id('a'), {
      data: { type: 'catalog-variant', id: id('a'), attributes: { inventoryQuantity: 0 } },
    });
    assert.equal(updated.body.data.attributes.inventoryQuantity, 0);
    assert.equal((await catalogs.deleteCatalogItem(id('p1'))).response.status, 204);
    assert.deepEqual(await errorOf(catalogs.getCatalogVariant(id('a'))), [404, 'not_found', '/data/']);
    assert.deepEqual(await errorOf(catalogs.deleteCatalogItem(id('p1'))), [404, 'not_found', '/data/']);
  });

  test('catalog jobs: started, polled, listed, with the ids of failed records', async () => {
    const items = ['b1', 'b2'].map((externalId) => {
      return { type: 'catalog-item' as const, attributes: { externalId, ...texts } };
    });
    const started = await catalogs.bulkCreateCatalogItems({
      data: { type: 'catalog-item-bulk-create-job', attributes: { items: { data: items } } },
    });
    assert.equal(started.body.data.attributes.status, 'processing');
    const created = await untilComplete(() => catalogs.getBulkCreateCatalogItemsJob(started.body.data.id));
    assert.deepEqual([created.completedCount, created.failedCount], [2, 0]);
    assert.equal((await catalogs.getBulkCreateCatalogItemsJobs()).body.data.length, 1);
    const gone = { data: [link('catalog-item', 'b1'), link('catalog-item', 'none')] };
    const deletion = await catalogs.bulkDeleteCatalogItems({
      data: { type: 'catalog-item-bulk-delete-job', attributes: { items: gone } },
    });
    const deleted = await untilComplete(() => catalogs.getBulkDeleteCatalogItemsJob(deletion.body.data.id));
    assert.deepEqual([deleted.completedCount, deleted.failedCount], [1, 1]);
    assert.equal(deleted.errors?.[0]?.source.pointer, '/data/attributes/items/data/id');
  });
});
