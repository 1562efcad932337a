/** Whether something else fills Klaviyo's catalogue already: an account takes it from a feed or from the API, not from both. */
import { z } from 'zod';
import { compoundId } from '../../klaviyo/existing-records.ts';
import { askKlaviyo, type CheckParts, type Finding, ok, problem, warning } from './finding.ts';

const what = 'Klaviyo catalogue source';
/** Items that are looked at. */
const sample = 100;

const items = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), attributes: z.looseObject({ external_id: z.string().nullish() }) })),
});
const products = z.looseObject({ results: z.array(z.looseObject({ id: z.string() })) });
const commercetoolsId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export async function checkCatalogue({ klaviyo, commercetools }: CheckParts): Promise<Finding[]> {
  const query = { 'page[size]': String(sample), 'fields[catalog-item]': 'external_id' };
  const answer = await askKlaviyo(klaviyo, { endpoint: 'listItems', query });
  const parsed = answer.ok ? items.safeParse(answer.body) : undefined;
  // That the scope is missing, or Klaviyo away, is told elsewhere.
  if (!parsed?.success) return [];
  const all = parsed.data.data;
  const other = all.find(({ id }) => !id.startsWith(compoundId('')));
  if (other)
    return [
      problem(
        what,
        `items come from ${other.id.split(':::')[0]} already`,
        'keep one source: end that integration or feed, or put the product events into disabledEvents',
      ),
    ];
  const ids = all.flatMap(({ attributes }) => attributes.external_id ?? []);
  const ours = await productsOf(
    commercetools,
    ids.filter((id) => commercetoolsId.test(id)),
  );
  if (!ours) return [];
  const strange = ids.filter((id) => !ours.has(id)).length;
  if (strange === 0) return [ok(what, ids.length === 0 ? 'no items yet' : 'items are products of this project')];
  return [
    warning(
      what,
      `${strange} of ${ids.length} items are no products of this project`,
      'end the feed or app that made them; ctk sync products --delete-all begins anew',
    ),
  ];
}

async function productsOf(
  client: CheckParts['commercetools'],
  ids: readonly string[],
): Promise<Set<string> | undefined> {
  if (ids.length === 0) return new Set();
  const where = `id in (${ids.map((id) => JSON.stringify(id)).join(', ')})`;
  const answer = await client.get('products', { where, limit: sample, withTotal: false }).catch(() => undefined);
  const parsed = products.safeParse(answer);
  return parsed.success ? new Set(parsed.data.results.map(({ id }) => id)) : undefined;
}
