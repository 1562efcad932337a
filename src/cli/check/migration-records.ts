/** Reads the shop for `ctk migrate-check --records`: counts what will differ from what the open-source plugin wrote. */
import { z } from 'zod';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { type InventoryEntry, inventoryEntrySchema } from '../../commercetools/schemas.ts';
import type { Config } from '../../config/config.ts';
import { channelNames, stockOfEntries } from '../../rules/fields/availability.ts';
import { describeOrderEmails } from './order-emails.ts';

const pageSize = 500;
const listed = z.object({ results: z.array(z.unknown()) });
const fieldType = z.looseObject({ name: z.string(), elementType: z.looseObject({ name: z.string() }).optional() });
const customType = z.looseObject({
  id: z.string(),
  resourceTypeIds: z.array(z.string()),
  fieldDefinitions: z.array(z.looseObject({ name: z.string(), type: fieldType })),
});
const changedByReadable = new Set(['Enum', 'LocalizedEnum', 'LocalizedString', 'Money', 'Reference']);

/** @returns one line for each difference. @throws CommercetoolsError */
export async function recordDifferences(config: Config, client: CommercetoolsClient): Promise<string[]> {
  const [rising, names, emails] = await Promise.all([
    countRising(config, client),
    readableNames(client),
    describeOrderEmails(client),
  ]);
  return [
    rising === 0
      ? 'no sku would rise from a stock of 0'
      : `${rising} skus would rise from the stock of 0 that the plugin wrote, for which Klaviyo sends back-in-stock messages: ctk sync products --keep-stock leaves quantities as they are`,
    names.length === 0
      ? 'no custom field would change with customFields.values: readable'
      : `customFields.values: readable would change the values of ${names.join(', ')}: keep raw if segments or templates use them`,
    emails,
  ];
}

async function countRising({ rules }: Config, client: CommercetoolsClient): Promise<number> {
  const settings = rules.product.inventory;
  const channels = channelNames(settings).map((name) => [name]);
  const bySku = new Map<string, InventoryEntry[]>();
  for await (const entry of allOf(client, 'inventory', inventoryEntrySchema))
    bySku.set(entry.sku, [...(bySku.get(entry.sku) ?? []), entry]);
  // The plugin knows no stock of other channels than the configured one.
  const before = { settings: { ...settings, withoutChannel: 'none' as const }, channels };
  return [...bySku.values()].filter(
    (entries) =>
      stockOfEntries(entries, before).quantity === 0 && stockOfEntries(entries, { settings, channels }).quantity > 0,
  ).length;
}

async function readableNames(client: CommercetoolsClient): Promise<string[]> {
  const names = new Set<string>();
  for await (const { resourceTypeIds, fieldDefinitions } of allOf(client, 'types', customType)) {
    if (!resourceTypeIds.some((typeId) => typeId === 'customer' || typeId === 'order')) continue;
    for (const { name, type } of fieldDefinitions)
      if (changedByReadable.has(type.elementType?.name ?? type.name)) names.add(name);
  }
  return [...names].toSorted();
}

async function* allOf<Entity extends { id: string }>(
  client: CommercetoolsClient,
  path: string,
  schema: z.ZodType<Entity>,
): AsyncGenerator<Entity> {
  let last: string | undefined;
  for (;;) {
    const after = last === undefined ? {} : { where: 'id > :last', 'var.last': last };
    const query = { limit: pageSize, withTotal: false, sort: 'id asc', ...after };
    const { results } = listed.parse(await client.get(path, query));
    for (const record of results) {
      const parsed = schema.safeParse(record);
      if (parsed.success) yield parsed.data;
    }
    const final = z.looseObject({ id: z.string() }).safeParse(results.at(-1));
    if (results.length < pageSize || !final.success) return;
    last = final.data.id;
  }
}
