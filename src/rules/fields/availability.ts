/** What of a sku is in stock, and whether it is tracked at all. */
import type { InventoryEntry, ProductVariant } from '../../commercetools/schemas.ts';
import type { InventoryPolicy } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';

export interface Stock {
  quantity: number;
  policy: InventoryPolicy;
}
type InventorySettings = RuleSettings['product']['inventory'];

/**
 * The whole stock of a sku: the configured channel's entry (0 is a value), else the entry without channel, else 0.
 * @param entries all inventory entries of the sku; none means that it is not tracked
 */
export function stockOfEntries(entries: readonly InventoryEntry[], settings: InventorySettings): Stock {
  const channel = settings.useChannelInventory;
  const entry =
    (channel === '' ? undefined : entries.find(({ supplyChannel }) => supplyChannel?.id === channel)) ??
    entries.find(({ supplyChannel }) => supplyChannel === undefined);
  return stock(entry?.availableQuantity, { tracked: entries.length > 0 }, settings);
}

/** The same from a variant's own summary, which commercetools brings up to date some time after a sale. */
export function stockOfAvailability(availability: ProductVariant['availability'], settings: InventorySettings): Stock {
  const channels = availability?.channels ?? {};
  const channel = settings.useChannelInventory;
  const ofChannel = Object.hasOwn(channels, channel) ? channels[channel]?.availableQuantity : undefined;
  const quantity = ofChannel ?? availability?.availableQuantity;
  return stock(quantity, { tracked: availability !== undefined }, settings);
}

/**
 * Whether a change of one entry can have changed the sku's stock. It can't while another entry decides: the configured
 * channel's, or without such a setting the one without channel. While neither is there any entry may: it may have been
 * moved from the channel that counts, or be the first or last of its sku, which turns the tracking on or off.
 */
export function takesPart(
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
