/** Properties of events about a part of an order: the items that are in it, not the whole order. */

import type { CustomFields } from '../../commercetools/schema-fields.ts';
import { majorUnits } from '../fields/money.ts';
import { filtered, passes } from '../fields/properties.ts';
import { noFieldInfo, readableFields } from '../fields/readable.ts';
import { localizedText } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';
import { detailProperties } from './detail-properties.ts';
import type { OrderFacts } from './facts.ts';
import { asItem, lineOf } from './line.ts';
import { linesById, type Pieces, priceOf } from './line-share.ts';
import { customFieldsOf, distinct, klaviyoNames, withoutExcluded } from './properties.ts';

export const partPropertySettings = [
  'order.properties',
  'order.customFields.properties',
  'order.customFields.values',
  'product.brandAttribute',
] as const;

/** Properties of the whole order that its parts share. */
const sharedNames = ['OrderId', 'ShippingAddress', 'ShippingMethod'];

export interface OrderPart {
  pieces: readonly Pieces[];
  /** Properties of the part, by name. */
  own?: Record<string, unknown>;
  /** Custom fields of the part, such as those of a parcel; later ones win. */
  custom?: readonly (CustomFields | undefined)[];
}

export function allPieces(facts: OrderFacts): Pieces[] {
  return [...linesById(facts.order)].map(([lineId, { quantity = 0 }]) => ({ lineId, quantity, before: 0 }));
}

export function partProperties(facts: OrderFacts, part: OrderPart, settings: RuleSettings): Record<string, unknown> {
  const { own = {}, custom = [] } = part;
  const fields = Object.assign({}, customFieldsOf(facts, settings), ...custom.map((each) => fieldsOf(each, settings)));
  return {
    ...(settings.order.properties.klaviyoNames
      ? withoutExcluded(
          { ...sharedProperties(facts, settings), ...itemProperties(facts, part, settings), ...own },
          settings,
        )
      : {}),
    ...filtered(fields, settings.order.customFields.properties).properties,
  };
}

function sharedProperties(facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const names = { ...klaviyoNames(facts, [], settings), ...detailProperties(facts, settings) };
  return Object.fromEntries(sharedNames.map((name) => [name, names[name]]));
}

function itemProperties(facts: OrderFacts, { pieces }: OrderPart, settings: RuleSettings): Record<string, unknown> {
  const { order } = facts;
  if (!passes('lineItems', settings.order.properties)) return {};
  const lines = linesById(order);
  const shipped = pieces.flatMap((some) => {
    const item = order.lineItems.find(({ id }) => id === some.lineId);
    if (item === undefined) return [];
    return [
      { ...lineOf(item, facts, settings), quantity: some.quantity, rowTotal: majorUnits(priceOf([some], order)) },
    ];
  });
  return {
    Items: shipped.map(asItem),
    ItemNames: distinct(
      pieces.map(({ lineId }) => localizedText(lines.get(lineId)?.name ?? {}, settings.preferredLocale)),
    ),
    Categories: distinct(shipped.flatMap(({ categories }) => categories)),
    ItemCount: pieces.reduce((sum, { quantity }) => sum + quantity, 0),
  };
}

function fieldsOf(custom: CustomFields | undefined, settings: RuleSettings): Record<string, unknown> {
  const fields = custom?.fields ?? {};
  if (settings.order.customFields.values === 'raw') return fields;
  return readableFields(fields, noFieldInfo, settings.preferredLocale);
}
