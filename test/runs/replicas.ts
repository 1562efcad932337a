/** Several replicas of the service over the same shop, the same Klaviyo and the same store. */
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import { createService, type Service, type ServiceOverrides } from '../../src/app/service.ts';
import { createCommercetoolsClient } from '../../src/commercetools/client.ts';
import { createObjectsApi } from '../../src/commercetools/objects-api.ts';
import type { BulkResource } from '../../src/commercetools/schemas.ts';
import { readConfig } from '../../src/config/config.ts';
import { type Run, runSchema } from '../../src/engine/runs/run.ts';
import { createCustomObjectsStore } from '../../src/store/custom-objects.ts';
import type { Store } from '../../src/store/store.ts';
import { customer, id, type Json } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv, type TestEnvOptions } from '../test-env.ts';

const answered = z.object({ run: runSchema.optional(), error: z.string().optional() });
const listed = z.object({ running: z.array(runSchema), ended: z.array(runSchema) });

export interface Replica {
  app: Service;
  /** Its address. */
  url: string;
  /** @returns status and body of `POST /sync/…` */
  post(path: string, body?: unknown): Promise<{ status: number; run?: Run | undefined; error?: string | undefined }>;
  runs(resource?: BulkResource): Promise<z.infer<typeof listed>>;
}

const quick = { checkpointSeconds: 0.05, leaseSeconds: 1 };

/** A world whose runs take a while: a page of five records, and each page is answered late. */
export async function startSlowTestEnv(options: TestEnvOptions = {}): Promise<TestEnv> {
  const commercetools = { retries: 1, pageSize: 5 };
  return startTestEnv({ ...options, settings: { runs: quick, commercetools, ...options.settings } });
}

/** Every read of the resource is answered so much later. */
export async function slowDown({ shop }: TestEnv, resource: string, ms: number): Promise<() => Promise<unknown>> {
  const rule = { kind: 'delay', ms, method: 'GET', path: `/${shop.projectKey}/${resource}` };
  const body = JSON.stringify(rule);
  await fetch(`${shop.url}/sandbox/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return () => fetch(`${shop.url}/sandbox/faults`, { method: 'DELETE' });
}

export async function addCustomers(testEnv: TestEnv, count: number): Promise<void> {
  const hex = (n: number) => n.toString(16);
  const records = Array.from(
    { length: count },
    (_, n): Json => customer({ id: id(`c${hex(n + 4096)}`), email: `c${n}@example.com`, addresses: [] }),
  );
  await testEnv.addRecords('customer', ...records);
}

/** One more process, as far as the store is concerned. */
export async function startReplica(
  testEnv: TestEnv,
  env: Record<string, string> = {},
  overrides: ServiceOverrides = {},
): Promise<Replica> {
  const app = createService(readConfig({ ...testEnv.env, ...env }), pino({ level: 'silent' }), overrides);
  const [url = ''] = await app.start();
  return { app, url, ...clientOf(url) };
}

/** The world's own service, asked like a replica. */
export function ownReplica({ app, service }: TestEnv): Replica {
  return { app, url: service, ...clientOf(service) };
}

function clientOf(url: string): Omit<Replica, 'app' | 'url'> {
  return {
    async post(path, body) {
      const init =
        body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const answer = await fetch(`${url}/sync/${path}`, { method: 'POST', ...init });
      return { status: answer.status, ...answered.parse(await answer.json()) };
    },
    async runs(resource) {
      return listed.parse(await (await fetch(`${url}/sync${resource ? `/${resource}` : ''}`)).json());
    },
  };
}

/** Waits until something is so. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    await sleep(20);
  }
}

/** The run when it has ended. */
export function ended(replica: Replica, runId: string | undefined): Promise<Run> {
  return until(async () => (await replica.runs()).ended.find((run) => run.id === runId));
}

/** The run when it has read something. */
export function inFlight(replica: Replica, runId: string | undefined, read = 1): Promise<Run> {
  return until(async () => (await replica.runs()).running.find((run) => run.id === runId && run.counts.read >= read));
}

/** The store as another process sees it. */
export function storeOf({ shop }: TestEnv): Store {
  const { url: apiUrl, authUrl, projectKey, clientId, clientSecret } = shop;
  const more = { scopes: [], timeoutMs: 5_000, retries: 1 };
  const client = createCommercetoolsClient({ apiUrl, authUrl, projectKey, clientId, clientSecret, ...more });
  return createCustomObjectsStore(createObjectsApi(client));
}
