/** The environment of a test: both sandboxes and the real service, over real HTTP on free ports of this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import type { CommercetoolsSandboxOptions } from '../sandbox/commercetools/options.ts';
import { startCommercetoolsSandbox } from '../sandbox/commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../sandbox/commercetools/sandbox-types.ts';
import { type KlaviyoSandbox, type KlaviyoSandboxOptions, startKlaviyoSandbox } from '../sandbox/klaviyo/sandbox.ts';
import { createService, type Service, type ServiceOverrides } from '../src/app/service.ts';
import type { BulkResource } from '../src/commercetools/schemas.ts';
import { readConfig } from '../src/config/config.ts';
import { type Run, runSchema } from '../src/engine/runs/run.ts';

export type Json = Record<string, unknown>;

export interface TestEnvOptions {
  /** Environment variables beside the addresses and keys. */
  env?: Record<string, string>;
  /** Settings, as NODE_CONFIG holds them. */
  settings?: Json;
  klaviyo?: KlaviyoSandboxOptions;
  commercetools?: CommercetoolsSandboxOptions;
  overrides?: ServiceOverrides;
}

export type TestEnv = Awaited<ReturnType<typeof startTestEnv>>;

const listed = z.object({ total: z.number(), data: z.array(z.record(z.string(), z.unknown())) });
const status = z.object({ running: z.array(runSchema), ended: z.array(runSchema) });
const quickRetries = { klaviyo: { retries: 1 }, commercetools: { retries: 1 } };

/** The environment with the addresses of both sandboxes. @param settings as NODE_CONFIG holds them */
export function environmentOf(
  klaviyo: Pick<KlaviyoSandbox, 'url'>,
  shop: CommercetoolsSandbox,
  settings: Json,
): Record<string, string> {
  return {
    KLAVIYO_AUTH_KEY: 'pk_sandbox',
    KLAVIYO_API_URL: klaviyo.url,
    CT_PROJECT_ID: shop.projectKey,
    CT_API_CLIENT: JSON.stringify({ clientId: shop.clientId, secret: shop.clientSecret }),
    CT_API_URL: shop.url,
    CT_AUTH_URL: shop.authUrl,
    PORT: '0',
    HOST: '127.0.0.1',
    PREFERRED_LOCALE: 'en',
    PREFERRED_CURRENCY: 'EUR',
    PRODUCT_URL_TEMPLATE: 'https://shop.example/p/{{productSlug}}',
    SHUTDOWN_SECONDS: '5',
    NODE_CONFIG_DIR: '/nowhere',
    NODE_CONFIG: JSON.stringify(settings),
  };
}

/**
 * @returns the environment; `stop()` ends all of it, also as `await using`
 */
export async function startTestEnv(options: TestEnvOptions = {}) {
  const klaviyo = await startKlaviyoSandbox({ limits: 'none', jobMs: 10, ...options.klaviyo });
  const shop = await startCommercetoolsSandbox(options.commercetools);
  const env = { ...environmentOf(klaviyo, shop, { ...quickRetries, ...options.settings }), ...options.env };
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const app: Service = createService(readConfig(env), log, options.overrides);
  const [service = ''] = await app.start();

  async function post(path: string, body?: unknown): Promise<Response> {
    return fetch(`${service}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  }
  async function list(what: string, query: Record<string, string> = {}): Promise<Json[]> {
    const answer = await fetch(`${klaviyo.url}/sandbox/${what}?${new URLSearchParams(query)}`);
    return listed.parse(await answer.json()).data;
  }

  const testEnv = {
    app,
    env,
    /** The service's address. */
    service,
    klaviyo,
    shop,
    /** Every line that the service logged. */
    logged,
    /** Puts records into the shop; nobody is notified. */
    async addRecords(typeId: string, ...records: Json[]): Promise<void> {
      const body = JSON.stringify({ typeId, records });
      const answer = await fetch(`${shop.url}/sandbox/records`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (!answer.ok) throw new Error(`the sandbox refuses the records: ${await answer.text()}`);
    },
    post,
    /** A delivery as Pub/Sub pushes it; @returns the status of the answer, when all that follows is done too. */
    async push(payload: unknown): Promise<number> {
      const data = Buffer.from(JSON.stringify(payload)).toString('base64');
      const answer = await post('/', {
        message: { data, messageId: '1', publishTime: '2026-03-15T08:00:00Z' },
        subscription: 's',
      });
      await answer.text();
      await app.settled();
      return answer.status;
    },
    /** A bulk sync over the API, to its end. */
    async sync(resource: BulkResource, body?: unknown): Promise<Run> {
      const answer = await post(`/sync/${resource}`, body);
      const { run } = z.object({ run: runSchema }).parse(await answer.json());
      for (;;) {
        const now = status.parse(await (await fetch(`${service}/sync/${resource}`)).json());
        const ended = now.ended.find(({ id }) => id === run.id);
        if (ended) return ended;
        await sleep(10);
      }
    },
    /** What Klaviyo holds. */
    events: (query: { metric?: string; unique_id?: string; profile?: string } = {}) => list('events', { ...query }),
    profiles: () => list('profiles'),
    items: () => list('items'),
    variants: () => list('variants'),
    categories: () => list('categories'),
    async stop(): Promise<void> {
      await app.stop();
      await Promise.all([klaviyo.stop(), shop.stop()]);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await testEnv.stop();
    },
  };
  return testEnv;
}
