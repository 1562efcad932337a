/** Checks that the configured supply channels exist and hold the stock, on a sample of skus. */
import { z } from 'zod';
import { inventoryEntrySchema } from '../../commercetools/schemas.ts';
import { type ConfiguredChannel, channelNames, hasHiddenStock } from '../../rules/fields/availability.ts';
import { type CheckDeps, type Finding, ok, warning } from './finding.ts';

const what = 'stock';
const setting = 'product.inventory.useChannelInventory';
const sampleSize = 100;
/** Entries of the sampled skus; more of them are left out. */
const maxEntries = 500;

const listed = z.object({ results: z.array(z.unknown()) });
const channel = z.looseObject({ id: z.string(), key: z.string().optional() });

export async function checkStock({ config, commercetools }: CheckDeps): Promise<Finding[]> {
  const settings = config.rules.product.inventory;
  const names = channelNames(settings);
  const query = async <Record>(path: string, schema: z.ZodType<Record>, parameters: object): Promise<Record[]> => {
    const body = await commercetools.get(path, { withTotal: false, ...parameters });
    return listed.parse(body).results.flatMap((record) => schema.safeParse(record).data ?? []);
  };
  try {
    const known =
      names.length === 0
        ? []
        : await query('channels', channel, {
            ...{ where: 'id in :names or key in :names', 'var.names': names, limit: maxEntries },
          });
    const channels = names.map(
      (name): ConfiguredChannel => [name, ...known.flatMap(({ id, key }) => (key === name ? [id] : []))],
    );
    const sample = await query('inventory', inventoryEntrySchema, { limit: sampleSize });
    const skus = [...new Set(sample.map(({ sku }) => sku))];
    const entries =
      skus.length === 0
        ? []
        : await query('inventory', inventoryEntrySchema, {
            where: 'sku in :skus',
            'var.skus': skus,
            limit: maxEntries,
          });
    const bySku = Map.groupBy(entries, ({ sku }) => sku);
    const missing = names.filter((name) => !known.some(({ id, key }) => id === name || key === name));
    const inChannels = [...bySku.values()].filter((some) =>
      some.some(({ supplyChannel }) => supplyChannel && channels.some((ids) => ids.includes(supplyChannel.id))),
    ).length;
    const hidden = [...bySku.values()].filter((some) => hasHiddenStock(some, { settings, channels })).length;
    const findings = [
      ...missing.map((name) => warning(what, `${setting} names ${name}, which is no channel`, 'give its id or key')),
      ...(names.length > 0 && inChannels * 2 < bySku.size
        ? [
            warning(
              what,
              `${setting} has entries of ${inChannels} of ${bySku.size} skus`,
              'name the channels that hold stock',
            ),
          ]
        : []),
      ...(hidden > 0
        ? [
            warning(
              what,
              `the entry without channel is 0 for ${hidden} of ${bySku.size} skus of which channels have stock`,
              `set ${setting}, or delete these entries`,
            ),
          ]
        : []),
    ];
    return findings.length > 0 ? findings : [ok(what)];
  } catch {
    // A missing scope or an unavailable API is a finding of another check.
    return [];
  }
}
