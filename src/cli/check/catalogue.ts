/** Checks whether another source fills Klaviyo's catalogue, because an account supports either a feed or the API. */
import { z } from 'zod';
import { compoundId } from '../../klaviyo/existing-records.ts';
import { type CheckDeps, callKlaviyo, type Finding, ok, problem, warning } from './finding.ts';

const what = 'Klaviyo catalogue source';
const sampleSize = 100;

const items = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), attributes: z.looseObject({ external_id: z.string().nullish() }) })),
});
const products = z.looseObject({ results: z.array(z.looseObject({ id: z.string() })) });
const commercetoolsId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export async function checkCatalogue({ klaviyo, commercetools }: CheckDeps): Promise<Finding[]> {
  const query = { 'page[size]': String(sampleSize), 'fields[catalog-item]': 'external_id' };
  const result = await callKlaviyo(klaviyo, { endpoint: 'listItems', query });
  const parsed = result.ok ? items.safeParse(result.body) : undefined;
  // A missing scope or an unavailable API is a finding of another check.
  if (!parsed?.success) return [];
  const all = parsed.data.data;
  const foreignItem = all.find(({ id }) => !id.startsWith(compoundId('')));
  if (foreignItem)
    return [
      problem(
        what,
        `items come from ${foreignItem.id.split(':::')[0]} already`,
        'keep one source: end that integration or feed, or put the product events into disabledEvents',
      ),
    ];
  const ids = all.flatMap(({ attributes }) => attributes.external_id ?? []);
  const ownProducts = await productsOf(
    commercetools,
    ids.filter((id) => commercetoolsId.test(id)),
  );
  if (!ownProducts) return [];
  const unknownCount = ids.filter((id) => !ownProducts.has(id)).length;
  if (unknownCount === 0) return [ok(what, ids.length === 0 ? 'no items yet' : 'items are products of this project')];
  return [
    warning(
      what,
      `${unknownCount} of ${ids.length} items are no products of this project`,
      'end the feed or app that made them; ctk sync products --delete-all begins anew',
    ),
  ];
}

async function productsOf(
  client: CheckDeps['commercetools'],
  ids: readonly string[],
): Promise<Set<string> | undefined> {
  if (ids.length === 0) return new Set();
  const where = `id in (${ids.map((id) => JSON.stringify(id)).join(', ')})`;
  const result = await client.get('products', { where, limit: sampleSize, withTotal: false }).catch(() => undefined);
  const parsed = products.safeParse(result);
  return parsed.success ? new Set(parsed.data.results.map(({ id }) => id)) : undefined;
}
