/** Writes events. Klaviyo records one event per metric, profile and unique_id. */

import type { KlaviyoError } from '../api/errors.ts';
import type { BatchItem } from '../batching/bulk-body.ts';
import type { EventChange, ProfileIdentity, Receipt } from '../change.ts';
import { delivered, receiptOfFailure, receiptOfResult, withWarnings } from '../receipts.ts';
import { untilSettled, type WriteContext } from './write-context.ts';

/** Writes the event. When Klaviyo rejects the pair of identifiers, retries with the e-mail alone, then with the id alone. */
export async function writeEvent(change: EventChange, context: WriteContext): Promise<Receipt> {
  const write = (profile: ProfileIdentity) =>
    context.batchers.write('event', eventItem(change, profile), untilSettled(context));
  const first = await write(change.profile);
  if (first.ok) return delivered;
  let receipt = receiptOfFailure(first.failure);
  if (first.failure.type !== 'rejected' || !concernsIdentity(first.failure.errors)) return receipt;
  for (const profile of singleIdentifiers(change.profile)) {
    receipt = receiptOfResult(await write(profile));
    const identifier = profile.email === undefined ? 'external_id' : 'email';
    if (receipt.outcome !== 'rejected')
      return withWarnings(receipt, [{ code: 'identity-rejected', detail: `sent with the ${identifier} alone` }]);
  }
  return receipt;
}

const eventPrefix = '{"type":"event","attributes":{';

/** For both endpoints: https://developers.klaviyo.com/en/reference/create_event and …/bulk_create_events */
function eventItem(change: EventChange, identity: ProfileIdentity): BatchItem {
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

function concernsIdentity(errors: readonly KlaviyoError[]): boolean {
  const identifierPointer = /\/profile(\/data)?(\/attributes)?(\/(email|external_id))?$/;
  return errors.some(
    ({ code, pointer }) => code === 'duplicate_profile' || (pointer !== undefined && identifierPointer.test(pointer)),
  );
}

/** @returns the profile with each identifier alone; empty when it has only one */
function singleIdentifiers({ email, external_id, ...rest }: ProfileIdentity): ProfileIdentity[] {
  if (email === undefined || external_id === undefined) return [];
  return [
    { email, ...rest },
    { external_id, ...rest },
  ];
}
