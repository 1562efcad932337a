/** Tests of the profile endpoints: identity resolution, field updates and bulk imports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventBody, profileBody, startTestClient, type TestClient, untilComplete } from './test-client.ts';

test('an import creates a profile, then updates it: null clears, absent fields stay, a location is merged', async () => {
  const { request, inspect } = await startTestClient();
  const first = {
    email: 'Ada@example.com',
    first_name: 'Ada',
    last_name: 'L',
    location: { city: 'Berlin', zip: '10115' },
    properties: { vip: true, size: 'M' },
  };
  assert.equal((await request('POST', '/api/profile-import', profileBody(first))).status, 201);
  const second = {
    email: 'ada@EXAMPLE.com',
    last_name: null,
    location: { city: 'Hamburg' },
    properties: { size: 'L' },
  };
  assert.equal((await request('POST', '/api/profile-import', profileBody(second))).status, 200);
  const [profile] = await inspect('profiles');
  assert.deepEqual(
    [profile?.first_name, profile?.last_name, profile?.location, profile?.properties],
    ['Ada', undefined, { city: 'Hamburg', zip: '10115' }, { vip: true, size: 'L' }],
  );
});

test('an external_id is added to a profile matched by e-mail, and identifies it afterwards', async () => {
  const { request } = await startTestClient();
  const created = await request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com' }));
  await request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com', external_id: 'c1' }));
  const renamed = await request(
    'POST',
    '/api/profile-import',
    profileBody({ email: 'new@example.com', external_id: 'c1' }),
  );
  assert.deepEqual([renamed.status, renamed.data[0]?.id], [200, created.data[0]?.id]);
});

test('an e-mail of one profile with the external_id of another gets 409 with the id of the duplicate', async () => {
  const { request } = await startTestClient();
  const mail = await request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com' }));
  const id = await request('POST', '/api/profile-import', profileBody({ external_id: 'c1' }));
  const response = await request(
    'POST',
    '/api/profile-import',
    profileBody({ email: 'ada@example.com', external_id: 'c1' }),
  );
  assert.equal(response.status, 409);
  assert.deepEqual(response.errors, ['duplicate_profile /data/attributes']);
  assert.ok([mail.data[0]?.id, id.data[0]?.id].includes(String(response.meta.duplicate_profile_id)));
});

test('a phone number of another profile gets 409 and does not overwrite that profile', async () => {
  const { request, sandbox } = await startTestClient();
  const phone_number = '+4915123456789';
  await request('POST', '/api/profile-import', profileBody({ email: 'mother@example.com', phone_number }));
  const response = await request(
    'POST',
    '/api/profile-import',
    profileBody({ email: 'daughter@example.com', phone_number }),
  );
  assert.deepEqual([response.status, sandbox.state().profiles], [409, 1]);
});

test('a phone number that is invalid in its country is rejected with a pointer', async () => {
  const { request } = await startTestClient();
  const response = await request(
    'POST',
    '/api/profile-import',
    profileBody({ email: 'ada@example.com', phone_number: '+4912' }),
  );
  assert.deepEqual([response.status, response.errors], [400, ['invalid /data/attributes/phone_number']]);
});

test('an import for an unknown id gets 404, one without identifiers 400', async () => {
  const { request } = await startTestClient();
  assert.equal((await request('POST', '/api/profile-import', profileBody({ first_name: 'A' }, 'unknown'))).status, 404);
  assert.equal((await request('POST', '/api/profile-import', profileBody({ first_name: 'A' }))).status, 400);
});

test('creating an existing profile gets 409; updating it by id works', async () => {
  const { request } = await startTestClient();
  const created = await request('POST', '/api/profiles', profileBody({ email: 'ada@example.com' }));
  assert.equal(created.status, 201);
  const again = await request('POST', '/api/profiles', profileBody({ email: 'ada@example.com' }));
  assert.deepEqual([again.status, again.meta.duplicate_profile_id], [409, created.data[0]?.id]);
  const id = created.data[0]?.id;
  const updated = await request('PATCH', `/api/profiles/${id}`, profileBody({ title: 'Countess' }, id));
  assert.deepEqual([updated.status, updated.data[0]?.attributes.title], [200, 'Countess']);
});

test('profiles can be filtered by several e-mails (case-insensitive) or external ids, and paginated', async () => {
  const { request } = await startTestClient();
  for (const n of [1, 2, 3])
    await request('POST', '/api/profile-import', profileBody({ email: `p${n}@example.com`, external_id: `c"${n}` }));
  const find = (filter: string, extra = '') =>
    request('GET', `/api/profiles?filter=${encodeURIComponent(filter)}${extra}`);
  assert.equal((await find('any(email,["P1@example.com","p3@example.com","none@example.com"])')).data.length, 2);
  assert.equal((await find(String.raw`equals(external_id,"c\"2")`)).data.length, 1);
  const first = await request('GET', '/api/profiles?page[size]=2');
  const second = await request('GET', first.next ?? '');
  assert.deepEqual([first.data.length, second.data.length, second.next], [2, 1, undefined]);
  assert.deepEqual((await find('equals(first_name,"x")')).errors, ['invalid filter']);
  assert.deepEqual((await request('GET', '/api/profiles?page[size]=101')).errors, ['invalid page[size]']);
});

test('with a listing lag, a new profile can be read by id but not by filter', async () => {
  const { request } = await startTestClient({ lagMs: 60_000 });
  const [created] = (await request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com' }))).data;
  const found = await request('GET', `/api/profiles?filter=${encodeURIComponent('equals(email,"ada@example.com")')}`);
  assert.deepEqual([(await request('GET', `/api/profiles/${created?.id}`)).status, found.data.length], [200, 0]);
});

test('a merge moves events and missing fields to the destination and deletes the source', async () => {
  const client = await startTestClient();
  const { request, inspect } = client;
  const to = (await request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com' }))).data[0]?.id;
  const from = (await request('POST', '/api/profile-import', profileBody({ external_id: 'c1', first_name: 'Ada' })))
    .data[0]?.id;
  await request('POST', '/api/events', eventBody({ external_id: 'c1' }, { unique_id: '1' }));
  const relationships = { profiles: { data: [{ type: 'profile', id: from }] } };
  assert.equal(
    (await request('POST', '/api/profile-merge', { data: { type: 'profile-merge', id: to, relationships } })).status,
    202,
  );
  await until(async () => (await request('GET', `/api/profiles/${from}`)).status === 404);
  const [profile] = await inspect('profiles');
  assert.deepEqual([profile?.id, profile?.external_id, profile?.first_name], [to, 'c1', 'Ada']);
  assert.equal((await inspect('events?profile=c1')).length, 1);
});

test('a deletion job requires exactly one identifier, and deletes the profile and its events', async () => {
  const { request, sandbox } = await startTestClient();
  await request('POST', '/api/events', eventBody({ email: 'ada@example.com' }));
  const erase = (attributes: object, id?: string) => {
    const profile = { data: { type: 'profile', ...(id === undefined ? {} : { id }), attributes } };
    return request('POST', '/api/data-privacy-deletion-jobs', {
      data: { type: 'data-privacy-deletion-job', attributes: { profile } },
    });
  };
  assert.equal((await erase({})).status, 400);
  assert.equal((await erase({ email: 'ada@example.com' }, 'x')).status, 400);
  assert.equal((await erase({ email: 'ada@example.com' })).status, 202);
  await until(async () => sandbox.state().profiles === 0);
  assert.equal(sandbox.state().events, 0);
});

function importBody(profiles: Record<string, unknown>[]) {
  const data = profiles.map((attributes) => ({ type: 'profile', attributes }));
  return { data: { type: 'profile-bulk-import-job', attributes: { profiles: { data } } } };
}

async function runImport(client: TestClient, profiles: Record<string, unknown>[]) {
  const started = await client.request('POST', '/api/profile-bulk-import-jobs', importBody(profiles));
  assert.deepEqual([started.status, started.data[0]?.attributes.status], [202, 'queued']);
  const path = `/api/profile-bulk-import-jobs/${started.data[0]?.id}`;
  return { path, job: (await untilComplete(client, path)).data[0] };
}

test('a bulk import runs in the background, ignores null, and applies the last record per profile', async () => {
  const client = await startTestClient();
  await client.request(
    'POST',
    '/api/profile-import',
    profileBody({ email: 'ada@example.com', first_name: 'Ada', title: 'Dr' }),
  );
  const { job } = await runImport(client, [
    { email: 'ada@example.com', first_name: null, title: 'Prof' },
    { email: 'ada@example.com', title: 'Countess' },
  ]);
  assert.deepEqual([job?.attributes.total_count, job?.attributes.failed_count], [2, 0]);
  const [profile] = await client.inspect('profiles');
  assert.deepEqual([profile?.first_name, profile?.title], ['Ada', 'Countess']);
});

test('a bulk import reports rejected profiles with their original payload', async () => {
  const client = await startTestClient();
  await client.request('POST', '/api/profile-import', profileBody({ email: 'ada@example.com' }));
  await client.request('POST', '/api/profile-import', profileBody({ external_id: 'c1' }));
  const conflict = { email: 'ada@example.com', external_id: 'c1' };
  const badPhone = { email: 'bob@example.com', phone_number: '123' };
  const { path, job } = await runImport(client, [conflict, badPhone, { email: 'eve@example.com' }]);
  assert.deepEqual([job?.attributes.completed_count, job?.attributes.failed_count], [1, 2]);
  const errors = await client.request('GET', `${path}/import-errors`);
  assert.deepEqual(
    errors.data.map(({ attributes }) => [attributes.code, attributes.source, attributes.original_payload]),
    [
      ['duplicate_profile', { pointer: '/data/attributes' }, conflict],
      ['invalid', { pointer: '/data/attributes/phone_number' }, badPhone],
    ],
  );
  const complete = await client.request(
    'GET',
    `/api/profile-bulk-import-jobs?filter=${encodeURIComponent('equals(status,"complete")')}`,
  );
  assert.equal(complete.data.length, 1);
});

test('a bulk import with an unknown field is rejected immediately with its index', async () => {
  const { request } = await startTestClient();
  const response = await request(
    'POST',
    '/api/profile-bulk-import-jobs',
    importBody([{ email: 'a@b.co' }, { email: 'c@d.co', organisation: 'X' }]),
  );
  assert.deepEqual(
    [response.status, response.errors],
    [400, ['invalid /data/attributes/profiles/data/1/attributes/organisation']],
  );
});

test('a subscription is recorded with its consent time, and can be revoked', async () => {
  const { request, inspect } = await startTestClient();
  const consent = (type: string, marketing: object, extra: object = {}) => {
    const profiles = {
      data: [{ type: 'profile', attributes: { email: 'ada@example.com', subscriptions: { email: { marketing } } } }],
    };
    return request('POST', `/api/${type}s`, { data: { type, attributes: { profiles, ...extra } } });
  };
  const subscribe = 'profile-subscription-bulk-create-job';
  const undated = await consent(subscribe, { consent: 'SUBSCRIBED' }, { historical_import: true });
  assert.equal(undated.status, 400);
  const consented_at = '2024-05-06T07:08:09Z';
  const dated = await consent(subscribe, { consent: 'SUBSCRIBED', consented_at }, { historical_import: true });
  assert.equal(dated.status, 202);
  const consents = async () => (await inspect('profiles'))[0]?.consents;
  await until(async () => (await consents()) !== undefined);
  assert.deepEqual(await consents(), { 'email.marketing': { consent: 'SUBSCRIBED', timestamp: consented_at } });
  await consent('profile-subscription-bulk-delete-job', { consent: 'UNSUBSCRIBED' });
  await until(async () => JSON.stringify(await consents()).includes('UNSUBSCRIBED'));
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500 && !(await holds()); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(await holds(), 'it never came true');
}
