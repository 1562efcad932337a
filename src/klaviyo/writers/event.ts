/** Makes an event true: recorded once for its metric, profile and unique_id. */

import type { KlaviyoError } from '../api/errors.ts';
import type { BatchItem } from '../batching/operations.ts';
import type { EventChange, ProfileIdentity, Receipt } from '../change.ts';
import { delivered, receiptOfFailure, receiptOfResult, withWarnings } from '../receipts.ts';
import { untilSettled, type WriteContext } from './write-context.ts';

const eventPrefix = '{"type":"event","attributes":{';

/**
 * An event for both endpoints, its properties serialised once.
 * https://developers.klaviyo.com/en/reference/create_event and …/bulk_create_events
 */
function parcelOf(change: EventChange, identity: ProfileIdentity): BatchItem {
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
    profile: identity,
    singleBody: () => `{"data":${eventPrefix}${profile},${backfill}${text.slice(eventPrefix.length)}}`,
  };
}

/** Sends the event; where its two identifiers don't go together, with the e-mail alone, else with the id alone. */
export async function sendEvent(change: EventChange, sending: WriteContext): Promise<Receipt> {
  const write = (profile: ProfileIdentity) =>
    sending.batchers.write('event', parcelOf(change, profile), untilSettled(sending));
  const first = await write(change.profile);
  if (first.ok) return delivered;
  if (first.failure.type !== 'rejected' || !isAboutIdentity(first.failure.errors))
    return receiptOfFailure(first.failure);
  let last = receiptOfFailure(first.failure);
  for (const profile of fewerIdentifiers(change.profile)) {
    const again = await write(profile);
    const receipt = receiptOfResult(again);
    const which = profile.email === undefined ? 'external_id' : 'email';
    if (receipt.outcome !== 'rejected')
      return withWarnings(receipt, [{ code: 'identity-refused', detail: `sent with the ${which} alone` }]);
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
