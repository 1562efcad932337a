/** Runs the live check against both sandboxes, which hold records of another application, and compares them before and after. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { LiveFinding } from '../../src/live-check/live-check.ts';
import { type LiveCheckOptions, type LiveCheckResult, runLiveCheck } from '../../src/live-check/run-live-check.ts';
import { type Json, startTestEnv, type TestEnv, type TestEnvOptions } from '../test-env.ts';

/** Short, because the sandboxes list at once; a variant that lists nothing is waited for in each test. */
export const limits = { listingMs: 1_000, jobMs: 3_000 };
export const mark = 'ctk-live-check';
/** Types of the shop's records that the check could touch. */
const shopTypes = ['key-value-document', 'customer', 'subscription', 'review'];
const headers = {
  authorization: 'Klaviyo-API-Key pk_sandbox',
  revision: '2026-07-15',
  'content-type': 'application/vnd.api+json',
};

export interface Checked extends LiveCheckResult {
  testEnv: TestEnv;
  /** Every record of both sandboxes. */
  before: Json[];
  after: Json[];
  /** Bodies and paths of the requests that could write. */
  writes: string[];
}

/** @returns the result; the environment is stopped */
export async function runChecked(
  options: TestEnvOptions = {},
  {
    prepare,
    ...checkOptions
  }: Partial<LiveCheckOptions> & { prepare?: (testEnv: TestEnv) => Promise<void> | void } = {},
): Promise<Checked> {
  const folder = await mkdtemp(join(tmpdir(), 'ctk-live-check-'));
  const [klaviyoFile, shopFile] = [join(folder, 'klaviyo'), join(folder, 'commercetools')];
  await using testEnv = await startTestEnv({
    ...options,
    klaviyo: { record: klaviyoFile, ...options.klaviyo },
    commercetools: { record: shopFile, ...options.commercetools },
  });
  await addForeignRecords(testEnv);
  await Promise.all([klaviyoFile, shopFile].map((file) => rm(file, { force: true })));
  const before = await allRecords(testEnv);
  await prepare?.(testEnv);
  const signal = new AbortController().signal;
  const result = await runLiveCheck(testEnv.app.liveCheck, { limits, signal, ...checkOptions });
  testEnv.klaviyo.faults.clear();
  testEnv.shop.faults.clear();
  const after = await allRecords(testEnv);
  const writes = [...(await writesOf(klaviyoFile)), ...(await writesOf(shopFile))];
  await rm(folder, { recursive: true });
  return { ...result, testEnv, before, after, writes };
}

export function finding({ findings }: Pick<LiveCheckResult, 'findings'>, fact: string): LiveFinding {
  const found = findings.find((each) => each.fact === fact);
  if (!found) throw new Error(`no finding of ${fact}: ${findings.map((each) => each.fact).join(', ')}`);
  return found;
}

/** A profile, an event, a category and an item in Klaviyo; a customer and a custom object in the shop. */
async function addForeignRecords({ klaviyo, shop }: TestEnv): Promise<void> {
  const profile = { data: { type: 'profile', attributes: { email: 'ada@example.com', external_id: 'ada' } } };
  const metric = { data: { type: 'metric', attributes: { name: 'Placed Order' } } };
  const origin = { integration_type: '$custom', catalog_type: '$default', external_id: 'theirs' };
  const item = { ...origin, title: 'Theirs', description: '', url: 'https://shop.example/', price: 9 };
  const bodies: [string, object][] = [
    ['events', { type: 'event', attributes: { profile, metric, properties: {}, unique_id: 'theirs' } }],
    ['catalog-categories', { type: 'catalog-category', attributes: { ...origin, name: 'Theirs' } }],
    ['catalog-items', { type: 'catalog-item', attributes: item }],
  ];
  for (const [path, data] of bodies) {
    const body = JSON.stringify({ data });
    const answer = await fetch(`${klaviyo.url}/api/${path}`, { method: 'POST', headers, body });
    // Without the scope there is one record less to compare.
    if (!answer.ok && answer.status !== 403) throw new Error(`${path}: ${await answer.text()}`);
  }
  const stamp = { version: 1, createdAt: '2026-01-01T00:00:00.000Z', lastModifiedAt: '2026-01-01T00:00:00.000Z' };
  const customer = { id: 'c1', ...stamp, email: 'ada@example.com' };
  const object = { id: 'k1', ...stamp, container: 'theirs', key: 'theirs', value: { a: 1 } };
  await shop.place('customer', [customer]);
  await shop.place('key-value-document', [object]);
}

async function allRecords(testEnv: TestEnv): Promise<Json[]> {
  const klaviyo = [testEnv.profiles(), testEnv.events(), testEnv.items(), testEnv.variants(), testEnv.categories()];
  const stored = shopTypes.flatMap((type) => [...testEnv.shop.records.queryable(type)]);
  const shop = stored.map((record): Json => Object.fromEntries(Object.entries(record)));
  // The store's findings, and what it probes, are the product's own.
  const objects = shop.filter((record) => !['ctk-findings', 'ctk-probe'].includes(String(record.container)));
  return [...(await Promise.all(klaviyo)).flat(), ...objects];
}

const line = z.looseObject({ method: z.string(), path: z.string() });

/** @returns the lines of requests that could change something, but for tokens and the product's own findings */
async function writesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((each) => each !== '');
  return lines.filter((each) => {
    const { method, path } = line.parse(JSON.parse(each));
    return method !== 'GET' && method !== 'HEAD' && !path.includes('oauth') && !/ctk-findings|ctk-probe/.test(each);
  });
}
