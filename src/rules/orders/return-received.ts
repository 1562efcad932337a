/** A returned item arrived: one event for each return item. */
import type { ReturnItem } from '../../commercetools/shipping-schemas.ts';
import type { OrderRule } from './facts.ts';
import { messageTime, orderEventRule } from './order-event.ts';
import { partPropertySettings } from './part-properties.ts';
import { returnEvents, returnTriggers } from './returns.ts';

export const returnReceived: OrderRule = orderEventRule({
  name: 'return-received',
  summary: 'A returned item arrived.',
  metric: 'returnReceived',
  per: 'each return item',
  settings: ['returns.received'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: returnTriggers,
  events(facts, settings) {
    const event = {
      reasonNotTo(item: ReturnItem) {
        const { shipmentState = '' } = item;
        if (settings.returns.received.includes(shipmentState)) return undefined;
        return `an item that is ${shipmentState} was not received (returns.received)`;
      },
      times: (item: ReturnItem) => [messageTime(facts), item.lastModifiedAt],
    };
    return returnEvents(facts, event, settings);
  },
});
