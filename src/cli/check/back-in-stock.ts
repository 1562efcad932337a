/** Checks that variants in Klaviyo carry inventory, without which no back-in-stock message is sent, on a sample. */
import { z } from 'zod';
import { type CheckDeps, callKlaviyo, type Finding, ok, warning } from './finding.ts';

const what = 'back in stock';
const sampleSize = 100;
/** `inventory_policy` of a variant whose inventory is not tracked. */
const notTracked = 2;

const variants = z.object({
  data: z.array(z.object({ attributes: z.looseObject({ inventory_policy: z.number().nullish() }) })),
});

export async function checkBackInStock({ klaviyo }: Pick<CheckDeps, 'klaviyo'>): Promise<Finding[]> {
  const query = { 'page[size]': String(sampleSize), 'fields[catalog-variant]': 'inventory_policy' };
  const result = await callKlaviyo(klaviyo, { endpoint: 'listVariants', query });
  const parsed = result.ok ? variants.safeParse(result.body) : undefined;
  // A missing scope or an unavailable API is a finding of another check.
  if (!parsed?.success || parsed.data.data.length === 0) return [];
  const all = parsed.data.data;
  const tracked = all.filter(({ attributes }) => attributes.inventory_policy !== notTracked).length;
  const detail = `${tracked} of ${all.length} variants carry inventory`;
  if (tracked > 0) return [ok(what, detail)];
  const fix =
    'add inventory entries in commercetools, and view_products to the client, if back-in-stock flows are used';
  return [warning(what, detail, fix)];
}
