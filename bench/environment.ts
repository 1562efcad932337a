/** Both fakes and the service, set up for one scenario; everything ends with it. */
import type { ShopSize } from './fakes/records.ts';
import { type BenchProcess, start } from './processes.ts';

export interface EnvironmentOptions {
  size: ShopSize;
  /** Milliseconds that a page of commercetools takes. */
  pageMs?: number;
  /** 1: as documented; none: neither the fake nor the service keeps to any. */
  limits: 1 | 'none';
  /** What the service multiplies the published limits with; by default as the fake does. */
  scale?: number;
  jobMs?: number;
  /** Megabytes that the service's heap may have. */
  heapMb?: number;
  /** Services side by side. */
  services?: number;
}

export interface BenchEnvironment {
  klaviyo: BenchProcess;
  shop: BenchProcess;
  services: BenchProcess[];
  stop(): Promise<void>;
}

const unlimited = 1_000;

/** Nothing of it runs on when another measurement begins. */
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
  const { size, pageMs = 0, limits, jobMs = 500, services: count = 1, heapMb } = options;
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
    for (let index = 0; index < count; index += 1) {
      const service = await start('service.ts', [], serviceEnvironment(klaviyo, shop, { scale, heapMb }));
      services.push(service);
      running.push(service);
    }
    return { klaviyo, shop, services, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function serviceEnvironment(
  klaviyo: BenchProcess,
  shop: BenchProcess,
  { scale, heapMb }: { scale: number; heapMb: number | undefined },
): Record<string, string> {
  return {
    ...(heapMb === undefined ? {} : { NODE_ARGUMENTS: `--max-old-space-size=${heapMb}` }),
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
