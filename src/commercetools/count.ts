/** Counts the records of a resource, for the display of progress. */
import { z } from 'zod';
import type { CommercetoolsClient } from './client.ts';
import type { BulkResource } from './schemas.ts';

const counted = z.object({ total: z.number() });

/** Returns the number of records, or undefined if the request fails. */
export async function countOf(client: CommercetoolsClient, resource: BulkResource): Promise<number | undefined> {
  const response = await client.get(resource, { limit: 1, withTotal: true }).catch(() => undefined);
  const parsed = counted.safeParse(response);
  return parsed.success ? parsed.data.total : undefined;
}
