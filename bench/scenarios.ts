/** Scenarios of the benchmark: input sizes, and bounds of their counts and ratios. */
import { bulk, catalogue, flatness } from './bulk.ts';
import { footprint } from './footprint.ts';
import { type Figures, perMinute } from './measure.ts';
import { realtime } from './realtime.ts';
import { type Bound, fitsContainer, type Scenario } from './scenario.ts';
import { slowJobs } from './slow-jobs.ts';

const cpu: Bound = { figure: 'CPU ÷ floor', max: 3 };
const few429s: Bound = { figure: '429s', max: 0.005 };
const full: Bound = { figure: 'bodies full', min: 0.9 };
const used: Bound = { figure: 'share of the limit', min: 0.9 };

function bulkOrders(quick: boolean, differingEmails: number) {
  return bulk('orders', {
    size: { customers: 100_000, orders: quick ? 4_000 : 80_000, products: 5_000, differingEmails },
    limits: 1,
    pageMs: 100,
    ...(quick ? {} : { seconds: 150 }),
    operation: 'bulk_create_events',
    max: 1_000,
    limit: perMinute('createEvents'),
  });
}

const slowJobBounds: readonly Bound[] = [
  few429s,
  { figure: 'share of what the limits allow', min: 0.8 },
  { figure: 'not acknowledged', max: 0 },
];

/** Takes as long as the jobs do, so not in a quick run. */
async function firstSyncWithSlowJobs(quick: boolean, heapMb?: number): Promise<Record<string, Figures>> {
  if (quick) return {};
  const size = { customers: 100_000, orders: 200_000, products: 50_000 };
  return slowJobs({ size, limits: 1, pageMs: 100, ...(heapMb === undefined ? {} : { heapMb }) });
}

export const scenarios: Record<string, Scenario> = {
  'bulk-orders': {
    run: async (quick) => ({ 'bulk orders, documented limits': await bulkOrders(quick, 5) }),
    bounds: [cpu, few429s, full, used, fitsContainer],
  },
  'bulk-orders-25': {
    // The events of each order with another e-mail are listed: that many exceed the limit of that endpoint.
    run: async (quick) => ({ 'bulk orders, 25 % with another e-mail': await bulkOrders(quick, 25) }),
    bounds: [few429s, fitsContainer],
  },
  'bulk-customers': {
    run: async (quick) => ({
      'bulk customers': await bulk('customers', {
        size: { customers: quick ? 20_000 : 300_000, orders: 0, products: 0 },
        limits: 1,
        pageMs: 100,
        operation: 'bulk_import_profiles',
        max: 10_000,
        limit: perMinute('importProfiles'),
      }),
    }),
    bounds: [cpu, few429s, fitsContainer],
  },
  catalogue: {
    run: (quick) =>
      catalogue({
        size: { customers: 0, orders: 0, products: quick ? 2_000 : 50_000 },
        limits: 1,
        pageMs: 100,
        jobMs: quick ? 1_000 : 5_000,
      }),
    bounds: [cpu, few429s, full, used, fitsContainer, { figure: 'writes', max: 0 }],
  },
  'slow-jobs': { run: (quick) => firstSyncWithSlowJobs(quick), bounds: [...slowJobBounds, fitsContainer] },
  // Of a container of 2 GB: the items of 500 jobs need more than one of 512 MB has.
  'slow-jobs-2gb': {
    run: (quick) => firstSyncWithSlowJobs(quick, 1_024),
    bounds: [...slowJobBounds, { figure: 'peak MB', max: 1_200 }],
  },
  ...realtime,
  ...footprint,
  memory: {
    // Needs a full run: the heap first grows to its working size.
    run: async (quick) =>
      quick
        ? {}
        : {
            'memory by number of customers': await flatness('customers', 100_000),
            'memory by number of orders': await flatness('orders', 20_000),
          },
    bounds: [
      { figure: 'memory ratio', max: 1.2 },
      { figure: 'peak MB of the larger', max: 512 },
    ],
  },
};
