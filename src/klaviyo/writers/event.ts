/** Writes events. Klaviyo records one event per metric, profile and unique_id. */

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { LookupUnavailable, messageOf } from '../../lib/errors.ts';
import { parseJson } from '../../lib/json.ts';
import type { ApiResult } from '../api/client.ts';
import type { ApiFailure, KlaviyoError } from '../api/errors.ts';
import { type BatchItem, type EventLocation, withLocation } from '../batching/bulk-body.ts';
import type { EventChange, EventOrder, JsonObject, Location, ProfileIdentity, Receipt } from '../change.ts';
import { delivered, leftOut, receiptOfFailure, receiptOfResult, withWarnings } from '../receipts.ts';
import type { WriteContext } from './write-context.ts';

type Rejection = Extract<ApiFailure, { type: 'rejected' }>;

/** Writes the event. What Klaviyo rejects and the event can go without is left out; then it is written again. */
export function writeEvent(change: EventChange, context: WriteContext): Promise<Receipt> {
  const { properties: _serialised, ...rest } = change;
  return writeSerialised(rest, eventItem(change, change.profile), context);
}

/**
 * Nothing here refers to the properties: thousands of events wait for Klaviyo, and the order that the properties are parts of
 * takes several times the memory of their text.
 */
async function writeSerialised(
  change: Omit<EventChange, 'properties'>,
  item: BatchItem,
  context: WriteContext,
): Promise<Receipt> {
  const result = await send(item, context);
  if (result.ok) return delivered;
  if (result.failure.type !== 'rejected') return receiptOfFailure(result.failure);
  return writeOtherwise({ ...change, properties: propertiesIn(item) }, result.failure, context);
}

/** A body of events is no job: its response is final. */
function send(item: BatchItem, { batchers, lane, deadline }: WriteContext): Promise<ApiResult> {
  return batchers.write('event', item, { lane, deadline });
}

/** Writes a rejected event without what is rejected, or to its profile by another identifier. */
async function writeOtherwise(change: EventChange, failure: Rejection, context: WriteContext): Promise<Receipt> {
  const write = (profile: ProfileIdentity) => send(eventItem(change, profile), context);
  let receipt = receiptOfFailure(failure);
  const without = withoutRejected(change, failure.errors);
  if (without) return withWarnings(await writeEvent(without.change, context), [leftOut(without.attribute)]);
  if (!concernsIdentity(failure.errors)) return receipt;
  if (change.order && change.isProfileLookedUp)
    return writeToProfileOfOrder(change, change.order, { rejection: receipt, context });
  // The pair of identifiers is rejected: the e-mail alone, then the id alone.
  for (const profile of singleIdentifiers(change.profile)) {
    receipt = receiptOfResult(await write(profile));
    const identifier = profile.email === undefined ? 'external_id' : 'email';
    if (receipt.outcome !== 'rejected')
      return withWarnings(receipt, [{ code: 'identity-rejected', detail: `sent with the ${identifier} alone` }]);
  }
  return receipt;
}

/**
 * The profile may have changed, merged or gone since it was looked up: it is looked up again, once. Any other identifier of
 * the order could be another person's.
 */
async function writeToProfileOfOrder(
  change: EventChange,
  order: EventOrder,
  { rejection, context }: { rejection: Receipt; context: WriteContext },
): Promise<Receipt> {
  let identity: ProfileIdentity | undefined;
  try {
    identity = await context.profileOfOrder(order, context.lane);
  } catch (thrown) {
    const { retryAfterMs, actionRequired } = thrown instanceof LookupUnavailable ? thrown : {};
    return {
      outcome: 'unavailable',
      reason: messageOf(thrown),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(actionRequired ? { actionRequired } : {}),
    };
  }
  const { location, ...rejected } = change.profile;
  if (!identity || isDeepStrictEqual(identity, rejected)) return rejection;
  const profile = { ...identity, ...(location ? { location } : {}) };
  const result = await send(eventItem(change, profile), context);
  return receiptOfResult(result);
}

/** @returns the event without the optional attribute that an error points at */
function withoutRejected(
  change: EventChange,
  errors: readonly KlaviyoError[],
): { change: EventChange; attribute: string } | undefined {
  const pointsAt = (name: RegExp) => errors.some(({ pointer }) => pointer !== undefined && name.test(pointer));
  const { currency, profile, ...rest } = change;
  const { location, ...identity } = profile;
  if (currency !== undefined && pointsAt(/\/value_currency$/))
    return { change: { ...rest, profile }, attribute: 'value_currency' };
  if (location !== undefined && pointsAt(/\/location(\/\w+)?$/))
    return { change: { ...change, profile: identity }, attribute: 'location' };
  return undefined;
}

const serialisedEvent = z.object({ attributes: z.object({ properties: z.record(z.string(), z.json()) }) });

function propertiesIn(item: BatchItem): JsonObject {
  return serialisedEvent.parse(parseJson(item.text())).attributes.properties;
}

const eventPrefix = '{"type":"event","attributes":{';

/** For both endpoints: https://developers.klaviyo.com/en/reference/create_event and …/bulk_create_events */
function eventItem(change: EventChange, { id, location, ...attributes }: ProfileIdentity): BatchItem {
  const text = JSON.stringify({
    type: 'event',
    attributes: {
      metric: { data: { type: 'metric', attributes: { name: change.metric } } },
      unique_id: change.uniqueId,
      time: change.time,
      value: change.value,
      value_currency: change.currency,
      properties: change.properties,
      // In a bulk body the group has it too: nothing says which of the two counts.
      backfill: change.backfill,
    },
  });
  const profile = `"profile":{"data":${JSON.stringify({ type: 'profile', id, attributes })}}`;
  const groupStart = '{"type":"event-bulk-create","attributes":{';
  const backfill = change.backfill === undefined ? '' : `"backfill":${change.backfill},`;
  return {
    text: () => text,
    bytes: Buffer.byteLength(text),
    group: `${groupStart}${profile},${backfill}`,
    ...(location ? { location: eventLocation(location, { change, profile, at: groupStart.length }) } : {}),
    profile: attributes,
    singleBody(chosen) {
      const located = chosen ? withLocation(profile, { ...chosen, at: chosen.at - groupStart.length }) : profile;
      return `{"data":${eventPrefix}${located},${text.slice(eventPrefix.length)}}`;
    },
  };
}

/** The JSON of a profile ends with its attributes: `…"attributes":{…}}}`. */
const closingBraces = 3;

function eventLocation(
  location: Location,
  { change: { order, uniqueId, time }, profile, at }: { change: EventChange; profile: string; at: number },
): EventLocation {
  const isFirst = profile.endsWith('{}}}');
  return {
    profile,
    orderId: order?.id ?? uniqueId,
    placedAtMs: Date.parse(order?.placedAt ?? time),
    json: `${isFirst ? '' : ','}"location":${JSON.stringify(location)}`,
    at: at + profile.length - closingBraces,
  };
}

function concernsIdentity(errors: readonly KlaviyoError[]): boolean {
  const identifierPointer =
    /\/profile(\/data)?(\/attributes)?(\/(id|email|external_id|phone_number|_kx|anonymous_id))?$/;
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
