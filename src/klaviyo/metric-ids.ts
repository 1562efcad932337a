/**
 * Klaviyo's ids of the API's metrics by name. A metric exists once it has an event, and keeps its id. Other integrations have
 * metrics of their own with the same names: a shop that has moved still has its former system's Placed Order.
 */
import { z } from 'zod';
import type { KlaviyoClient } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';
import { unknownShape } from './batched-lookup.ts';

const metricSchema = z.object({
  id: z.string(),
  attributes: z.object({
    name: z.string(),
    integration: z.object({ name: z.string().nullish() }).nullish().catch(undefined),
  }),
});
export type Metric = z.infer<typeof metricSchema>;
/** A page of `GET /api/metrics`. https://developers.klaviyo.com/en/reference/get_metrics */
export const metricList = z.object({ data: z.array(metricSchema) });

/** Name of the integration of all metrics that were made by the API. */
const apiIntegration = 'API';

/** @returns whether the metric was made by the API; true for one without an integration */
export function isOfApi({ attributes: { integration } }: Metric): boolean {
  return (integration?.name ?? apiIntegration) === apiIntegration;
}

/** 'none' while the metric has no event, or why its id could not be read. */
type MetricId = string | { failure: ApiFailure };

/** Concurrent calls share a request. */
export type ReadMetricId = (name: string, options: { lane: Lane; signal: AbortSignal }) => Promise<MetricId>;

export function createMetricIds(client: Pick<KlaviyoClient, 'pages'>): ReadMetricId {
  const ids = new Map<string, Promise<MetricId>>();

  async function read(name: string, options: { lane: Lane; signal: AbortSignal }): Promise<MetricId> {
    for await (const page of client.pages({ endpoint: 'listMetrics', ...options })) {
      if (!page.ok) return { failure: page.failure };
      const parsed = metricList.safeParse(page.body);
      if (!parsed.success) return { failure: unknownShape };
      const found = parsed.data.data.find((metric) => metric.attributes.name === name && isOfApi(metric));
      if (found) return found.id;
    }
    return 'none';
  }

  return async (name, options) => {
    const reading = ids.get(name) ?? read(name, options);
    ids.set(name, reading);
    try {
      const id = await reading;
      if (typeof id === 'object' || id === 'none') ids.delete(name);
      return id;
    } catch (thrown) {
      ids.delete(name);
      throw thrown;
    }
  };
}
