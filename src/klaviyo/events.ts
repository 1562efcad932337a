/** Makes an event true: recorded once for its metric, profile and unique_id. */
import type { EventChange, ProfileIdentity, Receipt } from './change.ts';
import type { KlaviyoError } from './errors.ts';
import { delivered, receiptOf, warned } from './receipts.ts';
import { ask, type Sending } from './sending.ts';

/**
 * The body of `POST /api/events`.
 * https://developers.klaviyo.com/en/reference/create_event
 */
function eventBody(change: EventChange, profile: ProfileIdentity = change.profile) {
  return {
    data: {
      type: 'event',
      attributes: {
        metric: { data: { type: 'metric', attributes: { name: change.metric } } },
        profile: { data: { type: 'profile', attributes: profile } },
        unique_id: change.uniqueId,
        time: change.time,
        ...(change.value === undefined ? {} : { value: change.value }),
        ...(change.currency === undefined ? {} : { value_currency: change.currency }),
        ...(change.backfill === undefined ? {} : { backfill: change.backfill }),
        properties: change.properties,
      },
    },
  };
}

/** Sends the event; where its two identifiers don't go together, with the e-mail alone, else with the id alone. */
export async function sendEvent(change: EventChange, sending: Sending): Promise<Receipt> {
  const first = await ask(sending, { endpoint: 'createEvent', body: eventBody(change) });
  if (first.ok) return delivered;
  if (first.failure.kind !== 'refused' || !isAboutIdentity(first.failure.errors)) return receiptOf(first.failure);
  let last = receiptOf(first.failure);
  for (const profile of fewerIdentifiers(change.profile)) {
    const again = await ask(sending, { endpoint: 'createEvent', body: eventBody(change, profile) });
    const receipt = again.ok ? delivered : receiptOf(again.failure);
    const which = profile.email === undefined ? 'external_id' : 'email';
    if (receipt.outcome !== 'rejected')
      return warned(receipt, [{ code: 'identity-refused', detail: `sent with the ${which} alone` }]);
    last = receipt;
  }
  return last;
}

function isAboutIdentity(errors: readonly KlaviyoError[]): boolean {
  const identifiers = /\/profile(\/data)?(\/attributes)?(\/(email|external_id))?$/;
  return errors.some(
    ({ code, pointer }) => code === 'duplicate_profile' || (pointer !== undefined && identifiers.test(pointer)),
  );
}

function fewerIdentifiers({ email, external_id, location }: ProfileIdentity): ProfileIdentity[] {
  if (email === undefined || external_id === undefined) return [];
  const place = location === undefined ? {} : { location };
  return [
    { email, ...place },
    { external_id, ...place },
  ];
}
