/** Runs a case of test/cases/inputs: steps that went wrong in systems like this one, with synthetic data. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type KlaviyoState, readKlaviyo } from '../../sandbox/shop/expected/klaviyo-state.ts';
import { bulkResources } from '../../src/commercetools/schemas.ts';
import type { Run } from '../../src/engine/runs/run.ts';
import { startTestEnv, type TestEnv, type TestEnvOptions } from '../test-env.ts';

const json = z.record(z.string(), z.unknown());
const step = z.union([
  /** Records of commercetools by type; a record with a known id replaces it. */
  z.strictObject({ place: z.record(z.string(), z.array(json)) }),
  /** Ids of records that are no longer there, by type. */
  z.strictObject({ drop: z.record(z.string(), z.array(z.string())) }),
  z.strictObject({ push: json }),
  z.strictObject({ sync: z.enum(bulkResources) }),
  z.strictObject({ look: z.literal(true) }),
]);
const input = z.strictObject({
  settings: json.optional(),
  env: z.record(z.string(), z.string()).optional(),
  /** What to look at in Klaviyo, for people. */
  show: z.array(z.string()).optional(),
  steps: z.array(step),
});

export interface CaseResult {
  testEnv: TestEnv;
  /** What Klaviyo held at each `look`, in order, and at the end. */
  looks: KlaviyoState[];
  /** The statuses with which pushes were answered. */
  pushes: number[];
  runs: Run[];
  [Symbol.asyncDispose](): Promise<void>;
}

const folder = join(import.meta.dirname, 'inputs');
const minuteMs = 60_000;
const dayMs = 86_400_000;

export const caseNames: readonly string[] = readdirSync(folder).map((file) => file.replace('.json', ''));

/** @param options are added to those of the case */
export async function runCase(name: string, options: TestEnvOptions = {}): Promise<CaseResult> {
  const now = Date.now();
  const text = readFileSync(join(folder, `${name}.json`), 'utf8')
    .replaceAll('$NOW', new Date(now - minuteMs).toISOString())
    .replaceAll('$3DAYSAGO', new Date(now - 3 * dayMs).toISOString());
  const { settings, env, steps } = input.parse(JSON.parse(text));
  const testEnv = await startTestEnv({
    ...options,
    settings: { ...settings, ...options.settings },
    env: { CT_PROJECT_ID: 'shop', ...env, ...options.env },
    commercetools: { projectKey: 'shop', ...options.commercetools },
  });
  const result: CaseResult = {
    ...{ testEnv, looks: [], pushes: [], runs: [] },
    [Symbol.asyncDispose]: () => testEnv.stop(),
  };
  for (const each of steps) await take(each, result);
  result.looks.push(await readKlaviyo(testEnv.klaviyo.url));
  return result;
}

async function take(each: z.infer<typeof step>, { testEnv, looks, pushes, runs }: CaseResult): Promise<void> {
  if ('place' in each) {
    for (const [typeId, records] of Object.entries(each.place)) await testEnv.addRecords(typeId, ...records);
  } else if ('drop' in each) {
    for (const [typeId, ids] of Object.entries(each.drop))
      for (const id of ids) testEnv.shop.records.remove(typeId, id);
  } else if ('push' in each) pushes.push(await testEnv.push(each.push));
  else if ('sync' in each) runs.push(await testEnv.sync(each.sync));
  else looks.push(await readKlaviyo(testEnv.klaviyo.url));
}
