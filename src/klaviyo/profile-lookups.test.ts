/** Tests the caches of profile lookups, further e-mails, and lists of events. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedRequest, type ServedResponse, serveKlaviyo } from '../../test/fixtures/klaviyo-server.ts';
import { LookupUnavailable } from '../lib/errors.ts';
import { createProfileLookups, type FoundProfile } from './profile-lookups.ts';

async function serve(t: TestContext, respond: (request: ServedRequest) => ServedResponse) {
  const requests: ServedRequest[] = [];
  const warnings: string[] = [];
  const client = await serveKlaviyo(t, (request) => {
    requests.push(request);
    return respond(request);
  });
  const lookups = createProfileLookups({
    client,
    acceptsProfileId: () => false,
    rememberedFor: async () => undefined,
    onWarning: (detail) => warnings.push(detail),
  });
  return { lookups, requests, warnings };
}

const realtime = { lane: 'realtime' } as const;
const listed = (...profiles: { id: string; email?: string; external_id?: string }[]): ServedResponse => ({
  body: { data: profiles.map(({ id, ...attributes }) => ({ id, attributes })) },
});
const filterOf = ({ query }: ServedRequest) => query.get('filter') ?? '';
const denied: ServedResponse = {
  status: 403,
  body: { errors: [{ code: 'permission_denied', title: '', detail: '' }] },
};

test('a profile is cached within realtime and within a run, and read again when it must be fresh', async (t) => {
  const { lookups, requests } = await serve(t, () => listed({ id: 'P1', email: 'a@x.test', external_id: 'c1' }));
  const found: FoundProfile[] = [];
  for (const scope of [
    realtime,
    realtime,
    { ...realtime, run: 'r1' },
    { ...realtime, run: 'r1' },
    { ...realtime, fresh: true },
  ])
    found.push(await lookups.byExternalId('c1', scope));
  assert.deepEqual(
    found.map((each) => each !== 'forbidden' && each.cached),
    [false, true, false, true, false],
  );
  assert.equal(requests.length, 3);
});

test('a profile that does not exist is looked up again: an event may have created it', async (t) => {
  const { lookups, requests } = await serve(t, () => listed());
  for (const _ of [1, 2])
    assert.deepEqual(await lookups.byExternalId('c1', realtime), { profile: undefined, cached: false });
  assert.equal(requests.length, 2);
});

test('a hundred profiles are one request, in lower case only where that differs', async (t) => {
  const { lookups, requests } = await serve(t, () => listed());
  await Promise.all(Array.from({ length: 100 }, (_, index) => lookups.byEmail(`person.${index}@shop.test`, realtime)));
  assert.equal(requests.length, 1);
});

test('further e-mails, which Klaviyo does not show, are attributed by smaller requests', async (t) => {
  const hidden: Record<string, { id: string; email: string }> = {
    'b@x.test': { id: 'B', email: 'other@x.test' },
    'd@x.test': { id: 'D', email: 'another@x.test' },
  };
  const { lookups } = await serve(t, (request) => {
    const values: string[] = JSON.parse(/\[.*\]/.exec(filterOf(request))?.[0] ?? '[]');
    return listed(
      ...values.flatMap((value) => (value === 'a@x.test' ? [{ id: 'A', email: value }] : (hidden[value] ?? []))),
    );
  });
  const emails = ['a@x.test', 'b@x.test', 'c@x.test', 'd@x.test', 'e@x.test'];
  const found = await Promise.all(emails.map((email) => lookups.byEmail(email, realtime)));
  assert.deepEqual(
    found.map((each) => each !== 'forbidden' && each.profile?.id),
    ['A', 'B', undefined, 'D', undefined],
  );
});

test('an e-mail that Klaviyo rejects in a filter has no profile, and does not hide others', async (t) => {
  const { lookups } = await serve(t, (request) => {
    if (filterOf(request).includes('no e-mail'))
      return { status: 400, body: { errors: [{ code: 'invalid', title: '', detail: '' }] } };
    return listed({ id: 'A', email: 'a@x.test' });
  });
  const found = await Promise.all(['no e-mail', 'a@x.test'].map((email) => lookups.byEmail(email, realtime)));
  assert.deepEqual(
    found.map((each) => each !== 'forbidden' && each.profile?.id),
    [undefined, 'A'],
  );
});

test('a failed lookup is unavailable; a missing scope is another result', async (t) => {
  const { lookups } = await serve(t, ({ path }) =>
    path.includes('profiles') ? { status: 503, body: 'down' } : denied,
  );
  await assert.rejects(lookups.byExternalId('c1', realtime), LookupUnavailable);
  const other = await serve(t, () => denied);
  assert.equal(await other.lookups.byExternalId('c1', realtime), 'forbidden');
});

const event = { metric: 'Placed Order', uniqueId: 'o1', from: '2026-01-01T00:00:00Z', to: '2026-01-03T00:00:00Z' };
const metrics: ServedResponse = { body: { data: [{ id: 'M1', attributes: { name: 'Placed Order' } }] } };

test('events are listed within the window; without it where Klaviyo does not combine both', async (t) => {
  const { lookups, requests } = await serve(t, (request) => {
    if (request.path.includes('metrics')) return metrics;
    if (filterOf(request).includes('datetime'))
      return { status: 400, body: { errors: [{ code: 'invalid', title: '', detail: '' }] } };
    return { body: { data: [{ attributes: { event_properties: { $event_id: 'o1' } } }] } };
  });
  for (const _ of [1, 2]) assert.equal(await lookups.hasEvent('P1', event, realtime), true);
  assert.equal(requests.filter((request) => filterOf(request).includes('datetime')).length, 1);
  assert.equal(requests.filter(({ path }) => path.includes('metrics')).length, 1);
});

test('without the scope no profile has the event, with one warning', async (t) => {
  const { lookups, warnings } = await serve(t, () => denied);
  for (const _ of [1, 2]) assert.equal(await lookups.hasEvent('P1', event, realtime), false);
  assert.equal(warnings.length, 1);
});

test('a metric of the same name that another shop system left in the account is not searched for the event', async (t) => {
  const metricOf = (id: string, name: string) => ({ id, attributes: { name: 'Placed Order', integration: { name } } });
  const { lookups } = await serve(t, (request) => {
    if (request.path.includes('metrics')) return { body: { data: [metricOf('M0', 'Shopify'), metricOf('M1', 'API')] } };
    const data = filterOf(request).includes('"M1"') ? [{ attributes: { event_properties: { $event_id: 'o1' } } }] : [];
    return { body: { data } };
  });
  assert.equal(await lookups.hasEvent('P1', event, realtime), true);
});
