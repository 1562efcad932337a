/** Both fakes and the service, set up for one scenario; everything ends with it. */
import type { ShopSize } from './fakes/records.ts';
import { type Running, start } from './processes.ts';

export interface SettingOptions {
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

export interface Setting {
  klaviyo: Running;
  shop: Running;
  services: Running[];
  stop(): Promise<void>;
}

const unlimited = 1_000;

/** Nothing of it runs on when another measurement begins. */
export async function within<Result>(
  options: SettingOptions,
  work: (setting: Setting, service: Running) => Promise<Result>,
): Promise<Result> {
  const setting = await setUp(options);
  try {
    const [service] = setting.services;
    if (!service) throw new Error('no service');
    return await work(setting, service);
  } finally {
    await setting.stop();
  }
}

async function setUp(options: SettingOptions): Promise<Setting> {
  const { size, pageMs = 0, limits, jobMs = 500, services: count = 1, heapMb } = options;
  const scale = options.scale ?? (limits === 'none' ? unlimited : 1);
  const running: Running[] = [];
  const stop = async () => {
    for (const one of [...running].reverse()) await one.stop();
  };
  try {
    const klaviyo = await start('fakes/klaviyo.ts', [JSON.stringify({ limits, jobMs })]);
    running.push(klaviyo);
    const shop = await start('fakes/shop.ts', [JSON.stringify({ ...size, pageMs })]);
    running.push(shop);
    const services: Running[] = [];
    for (let index = 0; index < count; index += 1) {
      const service = await start('service.ts', [], environment(klaviyo, shop, { scale, heapMb }));
      services.push(service);
      running.push(service);
    }
    return { klaviyo, shop, services, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function environment(
  klaviyo: Running,
  shop: Running,
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
