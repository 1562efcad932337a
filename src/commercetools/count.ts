/** How many records there are of a resource: for progress only. */
import { z } from 'zod';
import type { CommercetoolsClient } from './client.ts';
import type { BulkResource } from './schemas.ts';

const counted = z.object({ total: z.number() });

/** @returns undefined where it can't be told: that is no matter */
export async function countOf(client: CommercetoolsClient, resource: BulkResource): Promise<number | undefined> {
  const answer = await client.get(resource, { limit: 1, withTotal: true }).catch(() => undefined);
  const parsed = counted.safeParse(answer);
  return parsed.success ? parsed.data.total : undefined;
}
