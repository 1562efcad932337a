/** Computes the available quantity and the inventory policy of a sku. */
import type { InventoryEntry, ProductVariant } from '../../commercetools/schemas.ts';
import type { InventoryPolicy } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';

export interface Stock {
  quantity: number;
  policy: InventoryPolicy;
}
type InventorySettings = RuleSettings['product']['inventory'];

/**
 * Returns the stock of a sku: the configured channel's entry (0 is a value), else the entry without channel, else 0.
 * @param entries all inventory entries of the sku; an empty list means that its stock is not tracked
 */
export function stockOfEntries(entries: readonly InventoryEntry[], settings: InventorySettings): Stock {
  const channel = settings.useChannelInventory;
  const entry =
    (channel === '' ? undefined : entries.find(({ supplyChannel }) => supplyChannel?.id === channel)) ??
    entries.find(({ supplyChannel }) => supplyChannel === undefined);
  return stock(entry?.availableQuantity, { tracked: entries.length > 0 }, settings);
}

/** Returns the stock from a variant's `availability`, which commercetools updates some time after a sale. */
export function stockOfAvailability(availability: ProductVariant['availability'], settings: InventorySettings): Stock {
  const channels = availability?.channels ?? {};
  const channel = settings.useChannelInventory;
  const ofChannel = Object.hasOwn(channels, channel) ? channels[channel]?.availableQuantity : undefined;
  const quantity = ofChannel ?? availability?.availableQuantity;
  return stock(quantity, { tracked: availability !== undefined }, settings);
}

/**
 * Returns whether a change of one entry can have changed the sku's stock. Another entry can decide instead: that of the
 * configured channel or, without this setting, that without a channel. Without a deciding entry any change counts: the
 * entry may have left the configured channel, or be the first or last one of its sku, which switches tracking on or off.
 */
export function affectsStock(
  changedEntryId: string,
  entries: readonly InventoryEntry[],
  settings: InventorySettings,
): boolean {
  const channel = settings.useChannelInventory === '' ? undefined : settings.useChannelInventory;
  const deciding = entries.find(({ supplyChannel }) => supplyChannel?.id === channel);
  return deciding === undefined || deciding.id === changedEntryId;
}

function stock(quantity: number | undefined, { tracked }: { tracked: boolean }, settings: InventorySettings): Stock {
  return { quantity: Math.max(0, quantity ?? 0), policy: settings.policy ?? (tracked ? 1 : 2) };
}
