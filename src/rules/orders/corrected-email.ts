/**
 * Corrected e-mail: the e-mail of a guest order was corrected. Its profile gets the new e-mail unless another profile has it;
 * otherwise the order's later events go to the profile that has its Placed Order.
 */
import type { OrderProfileChange } from '../../klaviyo/change.ts';
import { present } from '../fields/text.ts';
import { changes, messageCauseOf, messageTriggers, skip } from '../types.ts';
import { renameProblem } from './email-correction.ts';
import type { OrderRule } from './facts.ts';

export const correctedEmail: OrderRule = {
  name: 'corrected-email',
  summary: 'The e-mail of a guest order was corrected: its profile gets it, or keeps the later events of the order.',
  sends: "profile's e-mail",
  settings: ['order.emailCorrection'],
  needs: ['emailCorrection'],
  triggers: ({ order }) =>
    order.messages.created.length === 0 ? [] : messageTriggers('order', ['OrderCustomerEmailSet'], 'OrderCreated'),
  map({ order, correction, cause }, settings) {
    const message = messageCauseOf(cause);
    if (message?.hadEmail === false) return skip('the order had no e-mail before');
    if (present(order.customerId) !== undefined) return skip("an event's e-mail is that of the customer's account");
    if (correction === 'forbidden') return skip('the former profile cannot be read: the first event stands');
    if (!correction) return skip('the former e-mail, or a profile with it, is unknown');
    const email = present(order.customerEmail);
    const problem =
      settings.order.emailCorrection === 'off'
        ? 'order.emailCorrection is off'
        : email === undefined
          ? 'the order has no e-mail any more'
          : renameProblem(correction, order);
    const { id: profileId } = correction.profile;
    const change: OrderProfileChange = { type: 'order-profile', orderId: order.id, profileId };
    if (problem === undefined && email !== undefined) return changes([{ ...change, email }]);
    if (!correction.isOrderOnProfile) return skip(`${problem}, and it does not have the order`);
    const detail = `the first event stands: ${problem}`;
    return changes([change], { warnings: [{ code: 'email-not-corrected', detail }] });
  },
};
