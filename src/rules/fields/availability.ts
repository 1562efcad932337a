/** Computes the available quantity and the inventory policy of a sku. */
import type { InventoryEntry, ProductVariant } from '../../commercetools/schemas.ts';
import type { InventoryPolicy } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';

export interface Stock {
  quantity: number;
  policy: InventoryPolicy;
}
type InventorySettings = RuleSettings['product']['inventory'];

/** A channel of `product.inventory.useChannelInventory`: the configured name, which may be an id, and the id of its key. */
export type ConfiguredChannel = readonly string[];

/** Rules by which the stock of a sku is chosen from its inventory entries. */
export interface StockRules {
  settings: InventorySettings;
  channels: readonly ConfiguredChannel[];
}

/** Stock of one channel, or without a channel. commercetools has one entry at most for a sku and channel. */
interface ChannelStock {
  channel: string | undefined;
  available: number;
}

/** Returns the ids and keys of `product.inventory.useChannelInventory`, without blank ones. */
export function channelNames({ useChannelInventory: names }: InventorySettings): string[] {
  const all = typeof names === 'string' ? [names] : names;
  return [...new Set(all.map((name) => name.trim()).filter((name) => name !== ''))];
}

/**
 * Returns the stock of a sku: the sum of the configured channels' entries (0 is a value), else the entry without channel.
 * Without a configured channel a sku that has only entries of channels has their sum or maximum, or is not tracked.
 * @param entries all inventory entries of the sku; an empty list means that its stock is not tracked
 */
export function stockOfEntries(entries: readonly InventoryEntry[], rules: StockRules): Stock {
  return stockOf(entries.map(toChannelStock), rules);
}

/** Returns the stock from a variant's `availability`, which commercetools updates some time after a sale. */
export function stockOfAvailability(availability: ProductVariant['availability'], rules: StockRules): Stock {
  const ofChannels = Object.entries(availability?.channels ?? {}).map(([channel, { availableQuantity }]) => ({
    channel,
    available: availableQuantity ?? 0,
  }));
  const quantity = availability?.availableQuantity;
  const general = quantity === undefined ? [] : [{ channel: undefined, available: quantity }];
  const stocks = [...ofChannels, ...general];
  // A variant with availability is tracked, even if it names no quantity.
  return stockOf(stocks.length === 0 && availability ? [{ channel: undefined, available: 0 }] : stocks, rules);
}

/**
 * Returns whether a change of one entry can have changed the sku's stock. It can't while every entry that decides is there
 * and is another one. Where one is missing any change counts: the entry may have left it, or be the first or last of its sku.
 */
export function affectsStock(
  changedEntryId: string,
  entries: readonly InventoryEntry[],
  { channels }: StockRules,
): boolean {
  const isGeneral = ({ supplyChannel }: InventoryEntry) => supplyChannel === undefined;
  const deciding =
    channels.length === 0
      ? [entries.find(isGeneral)]
      : channels.map((ids) => entries.find(({ supplyChannel }) => supplyChannel && ids.includes(supplyChannel.id)));
  return deciding.some((entry) => entry === undefined || entry.id === changedEntryId);
}

/** Returns whether the stock is 0 only because it stands in channels that are not configured. */
export function hasHiddenStock(entries: readonly InventoryEntry[], rules: StockRules): boolean {
  const hasGeneral = entries.some(({ supplyChannel }) => supplyChannel === undefined);
  if (!hasGeneral || stockOfEntries(entries, rules).quantity > 0) return false;
  return entries.some(({ supplyChannel, availableQuantity }) => supplyChannel !== undefined && availableQuantity > 0);
}

/** Returns whether channels are configured, and the sku has entries of other channels only: its stock is 0 then. */
export function isInOtherChannelsOnly(entries: readonly InventoryEntry[], { channels }: StockRules): boolean {
  if (channels.length === 0 || entries.length === 0) return false;
  return entries.every(({ supplyChannel }) => supplyChannel && !channels.some((ids) => ids.includes(supplyChannel.id)));
}

function stockOf(stocks: readonly ChannelStock[], { settings, channels }: StockRules): Stock {
  const configured = stocks.filter(
    ({ channel }) => channel !== undefined && channels.some((ids) => ids.includes(channel)),
  );
  const general = stocks.filter(({ channel }) => channel === undefined);
  if (configured.length > 0) return tracked(sum(configured), settings);
  if (general.length > 0) return tracked(sum(general), settings);
  if (stocks.length === 0 || (channels.length === 0 && settings.withoutChannel === 'none'))
    return { quantity: 0, policy: settings.policy ?? 2 };
  if (channels.length > 0) return tracked(0, settings);
  return tracked(settings.withoutChannel === 'max' ? Math.max(...stocks.map(counted)) : sum(stocks), settings);
}

function tracked(quantity: number, { policy }: InventorySettings): Stock {
  return { quantity, policy: policy ?? 1 };
}

/** An oversold channel does not use up the stock of another one. */
function counted({ available }: ChannelStock): number {
  return Math.max(0, available);
}

function sum(stocks: readonly ChannelStock[]): number {
  return stocks.reduce((total, stock) => total + counted(stock), 0);
}

function toChannelStock({ supplyChannel, availableQuantity }: InventoryEntry): ChannelStock {
  return { channel: supplyChannel?.id, available: availableQuantity };
}
