/** Resolves the channels of `product.inventory.useChannelInventory`, which may be ids or keys. */
import type { Lookups } from '../../commercetools/lookups/types.ts';
import { type ConfiguredChannel, channelNames } from '../fields/availability.ts';
import type { RuleSettings } from '../settings.ts';

/** Returns each configured channel with the ids that its entries may have: the name itself, and the id of that key. */
export function configuredChannels(
  settings: RuleSettings,
  lookups: Pick<Lookups, 'channelIds'>,
): Promise<ConfiguredChannel[]> {
  const names = channelNames(settings.product.inventory);
  return Promise.all(names.map(async (name) => [name, ...(await lookups.channelIds(name))]));
}
