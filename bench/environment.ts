/** Environment of one scenario: both fakes and the service. */

import { omitUndefined } from '../src/lib/omit-undefined.ts';
import { compiled } from './compiled.ts';
import { containerEnvironment, containerFlags } from './container.ts';
import type { ShopSize } from './fakes/records.ts';
import { type BenchProcess, start } from './processes.ts';

export interface EnvironmentOptions {
  size: ShopSize;
  /** Duration of a commercetools page request in milliseconds. */
  pageMs?: number;
  /** 1: documented rate limits; none: neither the fake nor the service limits requests. */
  limits: 1 | 'none';
  /** Factor on the rate limits in the service; defaults to that of the fake. */
  scale?: number;
  /** Milliseconds; `recorded`: as Klaviyo's jobs were recorded. */
  jobMs?: number | 'recorded';
  /** `APP_TYPE` of each service process; without it one process that does everything. */
  appTypes?: readonly ('EVENT' | 'BULK_IMPORT')[];
  /** Heap of the service in MB; defaults to that of a container of 512 MB. */
  heapMb?: number;
  /** `bench/service.ts` of another revision; defaults to this one's, compiled. */
  serviceFile?: string | undefined;
}

/** Handles of the processes of one scenario. */
export interface BenchEnvironment {
  klaviyo: BenchProcess;
  shop: BenchProcess;
  services: BenchProcess[];
  stop(): Promise<void>;
}

const containerWith = (heapMb?: number) => ({
  ...containerEnvironment,
  NODE_ARGUMENTS: containerFlags(heapMb).join(' '),
});

/** Starts the floor with the flags of the service, so that garbage costs both the same. */
export function startFloor(
  { klaviyo, shop }: BenchEnvironment,
  scenario: string,
  pages: number,
): Promise<BenchProcess> {
  return start(
    'floor.ts',
    [JSON.stringify({ scenario, shop: shop.url, klaviyo: klaviyo.url, pages })],
    containerWith(),
  );
}

const unlimited = 1_000;
/** Runs `work` in a new environment and stops all processes afterwards. */
export async function withEnvironment<Result>(
  options: EnvironmentOptions,
  work: (environment: BenchEnvironment, service: BenchProcess) => Promise<Result>,
): Promise<Result> {
  const environment = await startEnvironment(options);
  try {
    const [service] = environment.services;
    if (!service) throw new Error('no service');
    return await work(environment, service);
  } finally {
    await environment.stop();
  }
}

async function startEnvironment(options: EnvironmentOptions): Promise<BenchEnvironment> {
  const { size, pageMs = 0, limits, jobMs = 500, appTypes = [undefined] } = options;
  const scale = options.scale ?? (limits === 'none' ? unlimited : 1);
  const running: BenchProcess[] = [];
  const stop = async () => {
    for (const child of [...running].reverse()) await child.stop();
  };
  try {
    const klaviyo = await start('fakes/klaviyo.ts', [JSON.stringify({ limits, jobMs })]);
    running.push(klaviyo);
    const shop = await start('fakes/shop.ts', [JSON.stringify({ ...size, pageMs })]);
    running.push(shop);
    const services: BenchProcess[] = [];
    for (const appType of appTypes) {
      const service = await start(options.serviceFile ?? compiled('bench/service.ts'), [], {
        ...serviceEnvironment(klaviyo, shop, scale),
        ...containerWith(options.heapMb),
        ...omitUndefined({ APP_TYPE: appType }),
      });
      services.push(service);
      running.push(service);
    }
    return { klaviyo, shop, services, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function serviceEnvironment(klaviyo: BenchProcess, shop: BenchProcess, scale: number): Record<string, string> {
  return {
    KLAVIYO_API_URL: klaviyo.url,
    KLAVIYO_AUTH_KEY: 'pk_bench',
    CT_API_URL: shop.url,
    CT_AUTH_URL: shop.url,
    CT_PROJECT_ID: 'shop',
    CT_API_CLIENT: JSON.stringify({ clientId: 'bench', secret: 'bench' }),
    HOST: '127.0.0.1',
    PORT: '0',
    STORE: 'memory',
    PREFERRED_LOCALE: 'en',
    PREFERRED_CURRENCY: 'EUR',
    PRODUCT_URL_TEMPLATE: 'https://shop.example/p/{{productSlug}}',
    NODE_CONFIG_DIR: '/nowhere',
    BENCH_SCALE: String(scale),
  };
}
