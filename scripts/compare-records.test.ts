/** What counts as equal between two recordings, and what does not. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareRecordings, type Options } from './compare-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'compare-records-'));
const usual: Options = { now: ['2026-01-15T10:00:00Z'], masks: [] };

interface Line {
  method: string;
  path: string;
  operation: string;
  body: unknown;
}

async function compare(left: readonly Line[], right: readonly Line[], options = usual) {
  const files = { left: join(folder, 'left.ndjson'), right: join(folder, 'right.ndjson') };
  writeFileSync(files.left, left.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(files.right, right.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return compareRecordings(files.left, files.right, options);
}

const post = (operation: string, path: string, data: unknown): Line => ({
  method: 'POST',
  path,
  operation,
  body: { data },
});

const who = { data: { type: 'profile', attributes: { email: 'a@example.com', meta: { patch_properties: {} } } } };
const whoInBulk = { data: { type: 'profile', attributes: { email: 'a@example.com' }, meta: { patch_properties: {} } } };
const eventFields = (id: string, value = 1, time = '2024-03-01T10:00:00.000Z') => ({
  metric: { data: { type: 'metric', attributes: { name: 'Placed Order' } } },
  unique_id: id,
  time,
  value,
  properties: { id },
});
const event = (id: string, value?: number, time?: string) =>
  post('create_event', '/api/events', {
    type: 'event',
    attributes: { ...eventFields(id, value, time), profile: who, backfill: true },
  });
const events = (...ids: string[]) => {
  const data = ids.map((id) => ({ type: 'event', attributes: eventFields(id) }));
  const attributes = { backfill: true, profile: whoInBulk, events: { data } };
  return post('bulk_create_events', '/api/event-bulk-create-jobs', {
    type: 'event-bulk-create-job',
    attributes: { 'events-bulk-create': { data: [{ type: 'event-bulk-create', attributes }] } },
  });
};

const profileData = (email: string, name: string) => ({ type: 'profile', attributes: { email, first_name: name } });
const profile = (email: string, name: string) =>
  post('create_or_update_profile', '/api/profile-import', profileData(email, name));
const profiles = (...data: unknown[]) =>
  post('bulk_import_profiles', '/api/profile-bulk-import-jobs', {
    type: 'profile-bulk-import-job',
    attributes: { profiles: { data } },
  });

const category = { type: 'catalog-category', id: '$custom:::$default:::c1', attributes: { name: 'Women' } };
const changed = (path: string): Line => ({
  ...post('update_catalog_category', path, category),
  method: 'PATCH',
});
const changedInBulk = post('bulk_update_catalog_categories', '/api/catalog-category-bulk-update-jobs', {
  type: 'catalog-category-bulk-update-job',
  attributes: { categories: { data: [category] } },
});

const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';

test('a record alone equals the same record in bulk, whatever the order and however often it is sent', async () => {
  const { counts, differences } = await compare(
    [
      event('o1'),
      event('o2'),
      event('o1'),
      profile('a@example.com', 'Ada'),
      changed('/api/catalog-categories/%24custom%3A%3A%3A%24default%3A%3A%3Ac1'),
    ],
    [changedInBulk, profiles(profileData('a@example.com', 'Ada')), events('o2', 'o1')],
  );
  assert.deepEqual(differences, []);
  assert.deepEqual(Object.fromEntries(counts), {
    event: { left: 2, right: 2 },
    profile: { left: 1, right: 1 },
    'category update': { left: 1, right: 1 },
  });
});

test('another value is a difference, with its record and its path', async () => {
  const { differences } = await compare([event('o1', 1)], [event('o1', 2)]);
  assert.deepEqual(differences, [
    { record: 'event Placed Order o1', example: 'event Placed Order o1', path: '$.value', left: '1', right: '2' },
  ]);
});

test('a record that one side lacks is a difference, also where others of its kind are equal', async () => {
  const { differences } = await compare([profile('a@example.com', 'Ada')], [profile('b@example.com', 'Ada')]);
  assert.deepEqual(
    differences.map(({ record, right }) => [record, right === 'missing']),
    [
      ['profile a@example.com', true],
      ['profile b@example.com', false],
    ],
  );
});

test('two contents of one record are both compared', async () => {
  const first = profile('a@example.com', 'Ada');
  const { differences } = await compare([first, profile('a@example.com', 'Bea')], [first]);
  assert.deepEqual(
    differences.map(({ record, right }) => [record, right]),
    [['profile a@example.com', 'missing']],
  );
});

test('an id in the path that is not the one in the body is a difference', async () => {
  const { differences } = await compare([changed('/api/catalog-categories/c2')], [changedInBulk]);
  assert.deepEqual(
    differences.map(({ path, left, right }) => [path, left, right]),
    [['$.inPath', '"c2"', 'missing']],
  );
});

test('new ids are equal where they stand at the same places; one that both sides hold is compared', async () => {
  const { ids, differences } = await compare([event(one), event('o1')], [event(two), event('o1')]);
  assert.deepEqual([ids, differences], [{ left: 1, right: 1 }, []]);
  const swapped = await compare([event(one), profile(two, 'Ada')], [event(two), profile(one, 'Ada')]);
  assert.equal(swapped.differences.length, 4);
});

test('as many records with new ids must be there on both sides', async () => {
  const { differences } = await compare([event(one), event(two)], [event('33333333-3333-4333-8333-333333333333')]);
  assert.equal(differences.length, 1);
});

test('times since the start of the clock are equal, in the same format; all others are compared', async () => {
  const at = async (left: string, right: string, now = usual.now) =>
    (await compare([event('o1', 1, left)], [event('o1', 1, right)], { ...usual, now })).differences.length;
  assert.equal(await at('2026-01-15T10:00:01.000Z', '2026-01-15T10:12:02.345Z'), 0);
  assert.equal(await at('2026-01-15T10:00:01.000Z', '2026-01-15T10:00:01Z'), 1);
  assert.equal(await at('2026-01-15T10:00:01.000Z', '2026-01-15T11:00:01.000Z'), 1);
  assert.equal(await at('2026-01-15T10:00:01.000Z', '2026-02-01T00:00:01.000Z', [...usual.now, '2026-02-01']), 0);
});

test('ports, ids of the sandbox and what a mask matches are replaced', async () => {
  const sent = (port: number, phone: string) => [
    profiles({
      type: 'profile',
      attributes: { email: 'a@example.com', image: `http://127.0.0.1:${port}/a.png`, phone },
    }),
  ];
  const merge = (end: number) => [
    post('merge_profiles', '/api/profile-merge', {
      type: 'profile-merge',
      id: `01P00000${String(end).padStart(18, '0')}`,
    }),
  ];
  const masks = [/\+4915120\d{6}/g];
  const { differences } = await compare(
    [...sent(4001, '+4915120000001'), ...merge(1)],
    [...sent(4002, '+4915120000009'), ...merge(2)],
    { ...usual, masks },
  );
  assert.deepEqual(differences, []);
});

test('a body of unknown shape is compared whole', async () => {
  const odd = (data: unknown) => [post('bulk_import_profiles', '/api/profile-bulk-import-jobs', data)];
  const { counts, differences } = await compare(odd({ a: 1 }), odd({ a: 2 }));
  assert.deepEqual([...counts.keys()], ['bulk_import_profiles']);
  assert.deepEqual(
    differences.map(({ path }) => path),
    ['$.data.a'],
  );
});
