/** What Klaviyo's catalogue holds, by its own list. */
import { z } from 'zod';
import type { KlaviyoClient } from './api/client.ts';
import type { DeleteChange } from './change.ts';

export interface CatalogListing {
  /** The external ids of the first page, or why Klaviyo can't say. */
  firstIds(what: DeleteChange['recordType'], signal: AbortSignal): Promise<{ ids: string[] } | { failure: string }>;
}

const page = z.object({ data: z.array(z.object({ attributes: z.object({ external_id: z.string() }) })) });

export function createListing(client: KlaviyoClient): CatalogListing {
  return {
    async firstIds(what, signal) {
      const endpoint = what === 'item' ? 'listItems' : 'listCategories';
      const query = { [`fields[catalog-${what}]`]: 'external_id', 'page[size]': '100' };
      const answer = await client.call({ endpoint, query, lane: 'bulk', signal });
      if (!answer.ok)
        return {
          failure:
            answer.failure.type === 'rejected' ? `Klaviyo answered ${answer.failure.status}` : answer.failure.reason,
        };
      const parsed = page.safeParse(answer.body);
      if (!parsed.success) return { failure: 'Klaviyo listed its catalogue in an unknown shape' };
      return { ids: parsed.data.data.map(({ attributes }) => attributes.external_id) };
    },
  };
}
