/** Tests of every variant of the switches in behaviours.ts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type KlaviyoBehaviours, klaviyoVariants } from './behaviours.ts';
import {
  bulkEventBody,
  category,
  eventBody,
  idOf,
  item,
  pathOf,
  profileBody,
  startTestClient,
  type TestClient,
  untilComplete,
  variant,
} from './test-client.ts';

const ada = { email: 'ada@example.com' };
const bulkEvents = '/api/event-bulk-create-jobs';

/** Expects a value for each variant of a switch, and adds a test for each. */
function eachVariant<S extends keyof typeof klaviyoVariants>(
  name: S,
  expected: { [V in KlaviyoBehaviours[S]]: unknown },
  observe: (client: TestClient) => Promise<unknown>,
): void {
  describe(name, () => {
    for (const value of klaviyoVariants[name]) {
      test(value, async () => {
        const client = await startTestClient({ [name]: value });
        assert.deepEqual(await observe(client), Object.entries(expected).find(([variant]) => variant === value)?.[1]);
      });
    }
  });
}

const uniqueId = (group: number) =>
  `duplicate_unique_id /data/attributes/events-bulk-create/data/${group}/attributes/events/data/0/attributes/unique_id`;
eachVariant(
  'repeatedUniqueId',
  {
    ignored: [202, [], 3],
    rejected: [400, [uniqueId(0), uniqueId(1)], 2],
    'rejected-naming-one': [400, [uniqueId(0)], 2],
    'body-lost': [202, [], 2],
  },
  async ({ request, sandbox }) => {
    const bob = { email: 'bob@example.com' };
    for (const profile of [ada, bob]) await request('POST', '/api/events', eventBody(profile, { unique_id: '1' }));
    const groups = [ada, bob].map((profile) => ({ profile, events: [{ unique_id: '1' }] }));
    const added = { profile: ada, events: [{ unique_id: '2' }] };
    const { status, errors } = await request('POST', bulkEvents, bulkEventBody([...groups, added]));
    return [status, errors, sandbox.state().events];
  },
);

eachVariant(
  'bulkBackfill',
  { 'event-or-group': ['b'], group: ['b', 'c'], event: ['a', 'b'] },
  async ({ request, inspect }) => {
    const body = bulkEventBody([
      { profile: ada, backfill: true, events: [{ unique_id: 'a' }] },
      { profile: ada, events: [{ unique_id: 'b' }, { unique_id: 'c', backfill: true }] },
    ]);
    await request('POST', bulkEvents, body);
    return (await inspect('events')).filter((event) => event.backfill === false).map((event) => event.unique_id);
  },
);

eachVariant('emailFilter', { 'case-insensitive': [1, 1], 'case-sensitive': [1, 0] }, async ({ request }) => {
  await request('POST', '/api/profile-import', profileBody(ada));
  const found = async (email: string) =>
    (await request('GET', `/api/profiles?filter=any(email,["${email}"])`)).data.length;
  return [await found('ada@example.com'), await found('Ada@Example.com')];
});

/** Imports profiles in bulk; returns the status, the errors of the response and the counts of the job. */
async function importInBulk(client: TestClient, profiles: Record<string, unknown>[], meta?: unknown) {
  const data = profiles.map(({ id, ...attributes }) => ({ type: 'profile', id, attributes, meta }));
  const body = { data: { type: 'profile-bulk-import-job', attributes: { profiles: { data } } } };
  const started = await client.request('POST', '/api/profile-bulk-import-jobs', body);
  if (started.status !== 202) return [started.status, started.errors];
  const path = `/api/profile-bulk-import-jobs/${started.data[0]?.id}`;
  const { completed_count, failed_count } = (await untilComplete(client, path)).data[0]?.attributes ?? {};
  return [started.status, completed_count, failed_count];
}

eachVariant(
  'malformedImportEmail',
  {
    'import-error': [202, 1, 1],
    'rejects-body': [400, ['invalid /data/attributes/profiles/data/1/attributes/email']],
  },
  (client) => importInBulk(client, [ada, { email: 'not-an-email' }]),
);

eachVariant(
  'invalidImportPhone',
  {
    'import-error': [[202, 0, 1], []],
    dropped: [[202, 1, 0], [undefined]],
  },
  async (client) => {
    const result = await importInBulk(client, [{ ...ada, phone_number: '+1234' }]);
    return [result, (await client.inspect('profiles')).map((profile) => profile.phone_number)];
  },
);

eachVariant(
  'reservedCharactersInPath',
  {
    accepted: [204, null],
    'html-404': [404, 'text/html'],
    rejected: [400, 'application/vnd.api+json'],
  },
  async ({ request, sandbox }) => {
    await request('POST', '/api/catalog-items', { data: item('p/1') });
    const headers = { authorization: 'Klaviyo-API-Key pk_sandbox', revision: '2026-07-15' };
    const url = `${sandbox.url}${pathOf('catalog-items', 'p/1')}`;
    const response = await fetch(url, { method: 'DELETE', headers });
    await response.text();
    return [response.status, response.headers.get('content-type')];
  },
);

eachVariant(
  'multipleEmails',
  { off: [1, 'new@example.com', 0, 1], on: [1, 'new@example.com', 1, 1] },
  async ({ request, sandbox }) => {
    for (const email of ['old@example.com', 'new@example.com'])
      await request('POST', '/api/profile-import', profileBody({ email, external_id: '1' }));
    const byOld = await request('GET', '/api/profiles?filter=equals(email,"old@example.com")');
    const byNew = await request('GET', '/api/profiles?filter=equals(email,"new@example.com")');
    const { profiles } = sandbox.state();
    return [profiles, byNew.data[0]?.attributes.email, byOld.data.length, byNew.data.length];
  },
);

test('multipleEmails: a merged profile is found by the address of its source, and an import by it updates the profile', async () => {
  const client = await startTestClient({ multipleEmails: 'on' });
  const { request } = client;
  const [kept, gone] = await Promise.all(['a', 'b'].map((name) => created(client, { email: `${name}@example.com` })));
  await merge(client, String(kept), String(gone));
  const updated = await request('POST', '/api/profile-import', profileBody({ email: 'b@example.com' }));
  assert.deepEqual([updated.status, updated.data[0]?.id], [200, kept]);
});

eachVariant(
  'eventOfTwoProfiles',
  {
    conflict: [409, ['duplicate_profile /data/attributes/profile/data/attributes'], undefined],
    'first-match': [202, [], 'customer-1'],
    rejected: [400, ['invalid /data/attributes/profile/data/attributes'], undefined],
  },
  async (client) => {
    await created(client, ada);
    await created(client, { external_id: 'customer-1' });
    const response = await client.request('POST', '/api/events', eventBody({ ...ada, external_id: 'customer-1' }));
    const [event] = await client.inspect('events?profile=customer-1');
    return [response.status, response.errors, event === undefined ? undefined : 'customer-1'];
  },
);

async function created({ request }: TestClient, attributes: Record<string, unknown>): Promise<string> {
  return (await request('POST', '/api/profile-import', profileBody(attributes))).data[0]?.id ?? '';
}

async function merge({ request, sandbox }: TestClient, destination: string, source: string): Promise<void> {
  const before = sandbox.state().profiles;
  const profiles = { data: [{ type: 'profile', id: source }] };
  await request('POST', '/api/profile-merge', {
    data: { type: 'profile-merge', id: destination, relationships: { profiles } },
  });
  while (sandbox.state().profiles === before) await new Promise((resolve) => setTimeout(resolve, 5));
}

const formerProfile = 'invalid /data/attributes/profile/data/id';
eachVariant(
  'eventToFormerProfile',
  {
    rejected: [
      [400, [formerProfile]],
      [400, [formerProfile.replace('attributes/', 'attributes/events-bulk-create/data/0/attributes/')]],
      [],
    ],
    lost: [[202, []], [202, []], []],
    'merge-destination': [
      [202, []],
      [202, []],
      ['single', 'bulk'],
    ],
  },
  async (client) => {
    const kept = await created(client, ada);
    const gone = await created(client, { email: 'gone@example.com' });
    await merge(client, kept, gone);
    const single = eventBody({}, { unique_id: 'single' });
    const bulk = bulkEventBody([{ profile: {}, events: [{ unique_id: 'bulk' }] }]);
    // The helpers build bodies without a profile id.
    const withId = (body: unknown) =>
      JSON.parse(JSON.stringify(body).replace('"type":"profile"', `"type":"profile","id":"${gone}"`));
    const answers = [
      await client.request('POST', '/api/events', withId(single)),
      await client.request('POST', bulkEvents, withId(bulk)),
    ];
    const recorded = (await client.inspect(`events?profile=${kept}`)).map((event) => event.unique_id);
    return [...answers.map(({ status, errors }) => [status, errors]), recorded];
  },
);

eachVariant('bulkImportUnset', { applied: [{}], ignored: [{ size: 'M' }] }, async (client) => {
  await created(client, { ...ada, properties: { size: 'M' } });
  await importInBulk(client, [ada], { patch_properties: { unset: 'size' } });
  return (await client.inspect('profiles')).map((profile) => profile.properties);
});

test('catalogJobRecords: records can be read on completion, or while the job is processing', async () => {
  for (const catalogJobRecords of klaviyoVariants.catalogJobRecords) {
    const { request, sandbox } = await startTestClient({ catalogJobRecords, jobMs: 600 });
    const type = 'catalog-category-bulk-create-job';
    const categories = { data: [category('women')] };
    const body = { data: { type, attributes: { categories } } };
    const started = await request('POST', `/api/${type}s`, body);
    while (sandbox.state().categories === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const [job] = (await request('GET', `/api/${type}s/${started.data[0]?.id}`)).data;
    const early = catalogJobRecords === 'before-completion';
    assert.equal(job?.attributes.status, early ? 'processing' : 'complete');
    assert.equal((await request('GET', pathOf('catalog-categories', 'women'))).status, 200);
  }
});

eachVariant(
  'missingLinkPointer',
  {
    relationship: ['not_found /data/relationships/item/data/id', 'not_found /data/relationships/categories/data/0/id'],
    data: ['not_found /data/', 'not_found /data/'],
  },
  async ({ request }) => {
    const orphan = await request('POST', '/api/catalog-variants', { data: variant('sku-1', 'p1') });
    const unsorted = await request('POST', '/api/catalog-items', { data: item('p1', ['women']) });
    return [...orphan.errors, ...unsorted.errors];
  },
);

test('lagMs: a list query finds a new record later than GET by id', async () => {
  const client = await startTestClient({ lagMs: 400 });
  const { request } = client;
  const id = await created(client, ada);
  await request('POST', '/api/catalog-items', { data: item('p1') });
  await request('POST', '/api/events', eventBody(ada));
  const byId = await request('GET', `/api/profiles/${id}`);
  assert.equal(byId.status, 200);
  assert.equal((await request('GET', pathOf('catalog-items', 'p1'))).status, 200);
  const paths = [
    '/api/profiles?filter=equals(email,"ada@example.com")',
    `/api/catalog-items?filter=any(ids,["${idOf('p1')}"])`,
    '/api/events',
  ];
  const counts = () => Promise.all(paths.map(async (path) => (await request('GET', path)).data.length));
  assert.deepEqual(await counts(), [0, 0, 0]);
  await new Promise((resolve) => setTimeout(resolve, 450));
  assert.deepEqual(await counts(), [1, 1, 1]);
});
