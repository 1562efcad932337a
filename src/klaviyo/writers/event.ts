/** Makes an event true: recorded once for its metric, profile and unique_id. */

import type { KlaviyoError } from '../api/errors.ts';
import type { Parcel } from '../batching/operations.ts';
import type { EventChange, ProfileIdentity, Receipt } from '../change.ts';
import { delivered, receiptFor, receiptOf, warned } from '../receipts.ts';
import { once, type Sending } from './write-context.ts';

const opens = '{"type":"event","attributes":{';

/**
 * An event for both endpoints, its properties serialised once.
 * https://developers.klaviyo.com/en/reference/create_event and …/bulk_create_events
 */
function parcelOf(change: EventChange, identity: ProfileIdentity): Parcel {
  const text = JSON.stringify({
    type: 'event',
    attributes: {
      metric: { data: { type: 'metric', attributes: { name: change.metric } } },
      unique_id: change.uniqueId,
      time: change.time,
      value: change.value,
      value_currency: change.currency,
      properties: change.properties,
    },
  });
  const profile = `"profile":{"data":{"type":"profile","attributes":${JSON.stringify(identity)}}}`;
  const backfill = change.backfill === undefined ? '' : `"backfill":${change.backfill},`;
  return {
    text,
    bytes: Buffer.byteLength(text),
    group: `{"type":"event-bulk-create","attributes":{${profile},${backfill}`,
    person: identity,
    alone: () => `{"data":${opens}${profile},${backfill}${text.slice(opens.length)}}`,
  };
}

/** Sends the event; where its two identifiers don't go together, with the e-mail alone, else with the id alone. */
export async function sendEvent(change: EventChange, sending: Sending): Promise<Receipt> {
  const write = (profile: ProfileIdentity) => sending.writer.write('event', parcelOf(change, profile), once(sending));
  const first = await write(change.profile);
  if (first.ok) return delivered;
  if (first.failure.kind !== 'refused' || !isAboutIdentity(first.failure.errors)) return receiptOf(first.failure);
  let last = receiptOf(first.failure);
  for (const profile of fewerIdentifiers(change.profile)) {
    const again = await write(profile);
    const receipt = receiptFor(again);
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
