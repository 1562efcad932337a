/** A return was announced: one event for each return item. */
import type { ReturnItem } from '../../commercetools/shipping-schemas.ts';
import type { OrderRule } from './facts.ts';
import { orderEventRule } from './order-event.ts';
import { partPropertySettings } from './part-properties.ts';
import { returnEvents, returnTriggers } from './returns.ts';

export const returnRequested: OrderRule = orderEventRule({
  name: 'return-requested',
  summary: 'A return was announced.',
  metric: 'returnRequested',
  per: 'each return item',
  settings: ['returns.requested', 'returns.received'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: returnTriggers,
  events(facts, settings) {
    const event = {
      reasonNotTo(item: ReturnItem) {
        const { shipmentState = '', createdAt, lastModifiedAt } = item;
        if (settings.returns.requested.includes(shipmentState)) return undefined;
        // A new item is announced or received: one that was received after it was added had been announced.
        const wasAdvised = createdAt !== lastModifiedAt && settings.returns.received.includes(shipmentState);
        return wasAdvised ? undefined : `an item that is ${shipmentState} was not requested (returns.requested)`;
      },
      times: (item: ReturnItem, returnDate: string | undefined) => [returnDate, item.createdAt],
    };
    return returnEvents(facts, event, settings);
  },
});
