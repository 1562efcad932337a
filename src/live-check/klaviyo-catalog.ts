/** Verifies how updates of an item treat category links and a null price. */
import { z } from 'zod';
import { compoundId } from '../klaviyo/existing-records.ts';
import { newCategory, newItem, removeCategory, removeItem } from './catalog-records.ts';
import { createInKlaviyo, expectKlaviyo, failureText, listKlaviyo, requestKlaviyo } from './klaviyo-requests.ts';
import { asExpected, cannotWork, type LiveCheck, type LiveCheckContext, unexpected } from './live-check.ts';
import { pollUntil } from './poll.ts';

const linksFact = 'category links in an update of an item';
const priceFact = 'price null in an update of an item';

const ids = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });
const item = z.looseObject({
  data: z.looseObject({ attributes: z.looseObject({ price: z.number().nullish() }) }),
});
const price = 12.5;

export const klaviyoCatalog: LiveCheck = {
  title: 'updates of an item',
  facts: [
    { name: linksFact, expected: 'replaced' },
    { name: priceFact, expected: 'cleared' },
  ],
  creates: ['a hidden catalog item', 'two catalog categories'],
  remains: [],
  async run(context, report) {
    const externalId = `${context.mark}-item`;
    const [former, present] = [`${context.mark}-former`, `${context.mark}-present`];
    for (const category of [former, present]) {
      await context.cleanup.create(
        { name: `catalog category ${category}`, remove: () => removeCategory(context, compoundId(category)) },
        () => createInKlaviyo(context, { endpoint: 'createCategory', body: { data: newCategory(category) } }),
      );
    }
    const id = compoundId(externalId);
    const data = { ...newItem(externalId, { price }), relationships: linkTo(former) };
    await context.cleanup.create({ name: `catalog item ${externalId}`, remove: () => removeItem(context, id) }, () =>
      createInKlaviyo(context, { endpoint: 'createItem', body: { data } }),
    );
    report(linksFact, await verifyLinks(context, { id, former, present }));
    report(priceFact, await verifyPrice(context, id));
  },
};

function linkTo(category: string): object {
  return { categories: { data: [{ type: 'catalog-category', id: compoundId(category) }] } };
}

async function verifyLinks(
  context: LiveCheckContext,
  { id, former, present }: { id: string; former: string; present: string },
) {
  const data = { type: 'catalog-item', id, attributes: {}, relationships: linkTo(present) };
  await expectKlaviyo(context, { endpoint: 'updateItem', id, body: { data } }, z.unknown());
  let linked: string[] = [];
  const isReplaced = await pollUntil(async () => {
    linked = (await listKlaviyo(context, { endpoint: 'listCategoriesOfItem', id }, ids)).map((link) => link.id);
    return linked.join() === compoundId(present) || undefined;
  }, limitsOf(context));
  if (isReplaced) return asExpected('replaced', 'an item that leaves a category leaves it in Klaviyo too');
  if (linked.includes(compoundId(present)))
    return unexpected('added', 'items stay in categories that they left, until they are deleted and created again');
  const found = linked.includes(compoundId(former)) ? 'unchanged' : 'not listed';
  return cannotWork(found, 'the categories of existing items do not change in Klaviyo');
}

async function verifyPrice(context: LiveCheckContext, id: string) {
  const request = {
    endpoint: 'updateItem',
    id,
    body: { data: { type: 'catalog-item', id, attributes: { price: null } } },
  } as const;
  const result = await requestKlaviyo(context, request);
  if (!result.ok && result.failure.type === 'rejected')
    return cannotWork(failureText(request, result.failure), 'an item without a price becomes a dead letter');
  const isCleared = await pollUntil(async () => {
    const { data } = await expectKlaviyo(context, { endpoint: 'getItem', id }, item);
    return (data.attributes.price ?? undefined) === undefined || undefined;
  }, limitsOf(context));
  if (isCleared) return asExpected('cleared', 'an item that loses its price has none in Klaviyo either');
  return unexpected('kept', 'an item that loses its price keeps the last one in Klaviyo, until it is created again');
}

function limitsOf({ limits, signal }: LiveCheckContext) {
  return { maxMs: limits.listingMs, signal };
}
