/** Makes a profile true: created or updated, whatever Klaviyo already knows under its identifiers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResult } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import { batchItem } from '../batching/batcher-registry.ts';
import type { Profile, ProfileChange, Receipt, Warning } from '../change.ts';
import { delivered, receiptOfFailure, withWarnings } from '../receipts.ts';
import { request, type WriteContext } from './write-context.ts';

const phoneDropped = (why: string): Warning => ({ code: 'phone-left-out', detail: `phone_number left out: ${why}` });

/** Writes the profile; a phone number or an identity that Klaviyo refuses is no reason to lose the customer. */
export function writeProfileChange(change: ProfileChange, sending: WriteContext): Promise<Receipt> {
  return sending.locks.runExclusive(`email:${change.profile.email.toLowerCase()}`, () => writeProfile(change, sending));
}

async function writeProfile(change: ProfileChange, sending: WriteContext): Promise<Receipt> {
  if (change.emailFirst && change.profile.external_id !== undefined) return writeEmailFirst(change, sending);
  const answer = await importProfile(change.profile, sending);
  if (answer === 'done') return delivered;
  if (answer.type !== 'rejected') return receiptOfFailure(answer);
  if (pointsAtPhone(answer)) return withoutPhone(change, sending, 'Klaviyo refuses it');
  if (answer.errors.some((error) => error.code === 'duplicate_profile')) return settle(change, sending, answer);
  return receiptOfFailure(answer);
}

async function importProfile(profile: Profile, sending: WriteContext, id?: string): Promise<'done' | ApiFailure> {
  const record = { type: 'profile', ...(id === undefined ? {} : { id }), attributes: profile };
  const answer = await (clearsSomething(profile) ? importAlone(record, sending) : importSomehow(record, sending));
  return answer.ok ? 'done' : answer.failure;
}

/** A bulk import ignores `null`. https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api */
function clearsSomething(profile: Profile): boolean {
  return Object.values(profile).includes(null);
}

function importAlone(data: object, sending: WriteContext): Promise<ApiResult> {
  return request(sending, { endpoint: 'importProfile', body: { data } });
}

function importSomehow(record: object, sending: WriteContext): Promise<ApiResult> {
  return sending.batchers.write('profile', batchItem(record), sending);
}

function pointsAtPhone(failure: ApiFailure): boolean {
  return failure.type === 'rejected' && failure.errors.some(({ pointer }) => pointer?.endsWith('/phone_number'));
}

async function withoutPhone(change: ProfileChange, sending: WriteContext, why: string): Promise<Receipt> {
  const { phone_number: phone, ...profile } = change.profile;
  if (phone === undefined)
    return { outcome: 'rejected', code: 'invalid', detail: 'phone_number', field: '/data/attributes/phone_number' };
  return withWarnings(await writeProfile({ ...change, profile }, sending), [phoneDropped(why)]);
}

/** The error does not say which identifier another profile holds: a look-up by each tells. */
async function settle(change: ProfileChange, sending: WriteContext, refused: ApiFailure): Promise<Receipt> {
  const holders = await holdersOf(change.profile, sending);
  if ('failure' in holders) return receiptOfFailure(holders.failure);
  const { byEmail, byId } = holders;
  if (byEmail !== undefined && byId !== undefined && byEmail !== byId)
    return settleIdentity(change, sending, { byEmail, byId });
  if (change.profile.phone_number === undefined) return receiptOfFailure(refused);
  return withoutPhone(change, sending, 'another profile holds it');
}

/** Klaviyo's ids of the profiles that hold the e-mail and the id. */
async function holdersOf({ email, external_id }: Profile, { existing: held, lane }: WriteContext) {
  const [byEmail, byId] = await Promise.all([
    held.profile('email', email, lane),
    external_id === undefined ? undefined : held.profile('external_id', external_id, lane),
  ]);
  if (byEmail && 'failure' in byEmail) return byEmail;
  if (byId && 'failure' in byId) return byId;
  return { byEmail: byEmail?.id, byId: byId?.id };
}

interface Holders {
  byEmail: string;
  byId: string;
}

/** The e-mail belongs to one profile, the customer's id to another. */
async function settleIdentity(
  change: ProfileChange,
  sending: WriteContext,
  { byEmail, byId }: Holders,
): Promise<Receipt> {
  const both = `e-mail on profile ${byEmail}, external_id on profile ${byId}`;
  if (change.identityConflict === 'reject') {
    return { outcome: 'rejected', code: 'identity_conflict', detail: both, field: '/data/attributes/external_id' };
  }
  if (change.identityConflict === 'merge') {
    const body = {
      data: {
        type: 'profile-merge',
        id: byEmail,
        relationships: { profiles: { data: [{ type: 'profile', id: byId }] } },
      },
    };
    const merged = await request(sending, { endpoint: 'mergeProfiles', body });
    if (!merged.ok) return receiptOfFailure(merged.failure);
    const waited = await untilMerged({ external_id: change.profile.external_id ?? '', byId }, sending);
    if (waited !== 'merged') return waited;
    return withWarnings(await toKnownProfile(change, sending, byEmail), [{ code: 'profiles-merged', detail: both }]);
  }
  const { external_id: _left, ...profile } = change.profile;
  const receipt = await toKnownProfile({ ...change, profile }, sending, byEmail);
  return withWarnings(receipt, [
    { code: 'identity-conflict', detail: `${both}; written to the e-mail's, ids left alone` },
  ]);
}

/**
 * Klaviyo accepts a merge and does it later; until then the id is still the other profile's, and a write with it refused.
 * https://developers.klaviyo.com/en/reference/merge_profiles
 */
const mergeLooksMs = [50, 200, 500, 1_000, 2_000];

async function untilMerged(
  { external_id, byId }: { external_id: string; byId: string },
  sending: WriteContext,
): Promise<'merged' | Receipt> {
  for (const ms of mergeLooksMs) {
    if (!(await waited(ms, sending.deadline.signal()))) break;
    const holder = await sending.existing.profile('external_id', external_id, sending.lane);
    if (holder && 'failure' in holder) return receiptOfFailure(holder.failure);
    if (holder?.id !== byId) return 'merged';
  }
  return { outcome: 'unavailable', reason: 'Klaviyo is still merging two profiles' };
}

/** @returns false where the patience ended first */
function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}

/** Writes to the profile with this Klaviyo id; the phone may still be somebody else's. */
async function toKnownProfile(change: ProfileChange, sending: WriteContext, id: string): Promise<Receipt> {
  const answer = await importProfile(change.profile, sending, id);
  if (answer === 'done') return delivered;
  const { phone_number: phone, ...profile } = change.profile;
  if (phone === undefined || answer.type !== 'rejected') return receiptOfFailure(answer);
  const again = await importProfile(profile, sending, id);
  return again === 'done'
    ? withWarnings(delivered, [phoneDropped('refused, or another profile holds it')])
    : receiptOfFailure(again);
}

/** `customer.deduplication`: the e-mail's profile gets this id, unless another profile holds it. */
async function writeEmailFirst(change: ProfileChange, sending: WriteContext): Promise<Receipt> {
  const holders = await holdersOf(change.profile, sending);
  if ('failure' in holders) return receiptOfFailure(holders.failure);
  const { byEmail, byId } = holders;
  const plain = { ...change, emailFirst: false };
  if (byEmail === undefined) return writeProfile(plain, sending);
  if (byId === undefined || byId === byEmail) return toKnownProfile(change, sending, byEmail);
  return settleIdentity(plain, sending, { byEmail, byId });
}
