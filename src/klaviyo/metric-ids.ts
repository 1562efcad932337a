/** Klaviyo's ids of metrics by name. A metric exists once it has an event, and keeps its id. */
import { z } from 'zod';
import type { KlaviyoClient } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';
import { unknownShape } from './batched-lookup.ts';

const metricList = z.object({
  data: z.array(z.object({ id: z.string(), attributes: z.object({ name: z.string() }) })),
});

/** @returns the id, 'none' while the metric has no event, or why it could not be read */
export type ReadMetricId = (
  name: string,
  options: { lane: Lane; signal: AbortSignal },
) => Promise<string | { failure: ApiFailure }>;

export function createMetricIds(client: Pick<KlaviyoClient, 'pages'>): ReadMetricId {
  const known = new Map<string, string>();
  return async (name, { lane, signal }) => {
    const id = known.get(name);
    if (id !== undefined) return id;
    for await (const page of client.pages({ endpoint: 'listMetrics', lane, signal })) {
      if (!page.ok) return { failure: page.failure };
      const parsed = metricList.safeParse(page.body);
      if (!parsed.success) return { failure: unknownShape };
      const found = parsed.data.data.find((metric) => metric.attributes.name === name);
      if (!found) continue;
      known.set(name, found.id);
      return found.id;
    }
    return 'none';
  };
}
