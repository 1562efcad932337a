/** Writes profiles by upsert, and resolves conflicts of phone numbers and identifiers with other profiles. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiFailure } from '../api/errors.ts';
import { type BatchItem, batchItem } from '../batching/bulk-body.ts';
import type { Profile, ProfileChange, Receipt, Warning } from '../change.ts';
import { delivered, leftOut, receiptOfFailure, withWarnings } from '../receipts.ts';
import { request, type WriteContext } from './write-context.ts';
import { withWrittenNames } from './written-names.ts';

const phoneDropped = (reason: string): Warning => ({
  code: 'phone-left-out',
  detail: `phone_number left out: ${reason}`,
});

/** Attributes that a profile can go without, apart from the phone number. */
const optionalAttributes = ['locale', 'location', 'title', 'organization', 'first_name', 'last_name'] as const;

/** Writes the profile; what Klaviyo rejects and the profile can go without is left out. */
export function writeProfile(change: ProfileChange, context: WriteContext): Promise<Receipt> {
  return context.mutex.runExclusive(`email:${change.profile.email.toLowerCase()}`, async () => {
    const named = await withWrittenNames(change, context);
    if ('failure' in named) return receiptOfFailure(named.failure);
    const receipt = await upsert(named.change, context);
    if (receipt.outcome !== 'delivered' || named.unsetCount === 0) return receipt;
    return { ...receipt, unsetProperties: named.unsetCount };
  });
}

async function upsert(change: ProfileChange, context: WriteContext): Promise<Receipt> {
  if (change.emailFirst && change.profile.external_id !== undefined) return upsertByEmail(change, context);
  const failure = await importProfile(change, context);
  if (failure === undefined) return delivered;
  if (failure.type !== 'rejected') return receiptOfFailure(failure);
  if (pointsAtPhone(failure) && change.profile.phone_number !== undefined)
    return upsertWithoutPhone(change, context, 'Klaviyo rejects it');
  const without = withoutRejected(change, failure);
  if (without) return withWarnings(await upsert(without.change, context), [leftOut(without.attribute)]);
  if (failure.errors.some((error) => error.code === 'duplicate_profile'))
    return resolveDuplicate(change, context, failure);
  return receiptOfFailure(failure);
}

/** @param id Klaviyo's id of an existing profile. @returns undefined when the profile was written */
async function importProfile(
  { profile, unset = [] }: Pick<ProfileChange, 'profile' | 'unset'>,
  context: WriteContext,
  id?: string,
): Promise<ApiFailure | undefined> {
  const cleared = unset.length === 0 ? profile : withCleared(profile, unset);
  const single = { type: 'profile', id, attributes: cleared };
  // A bulk import ignores `null`. https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api
  const inBulk = !needsSingleImport(profile, context) && (unset.length === 0 || (await context.unsetsInBulk()));
  const result = inBulk
    ? await context.batchers.write('profile', profileItem({ profile, unset, id }, single), context)
    : await request(context, { endpoint: 'importProfile', body: { data: single } });
  return result.ok ? undefined : result.failure;
}

/** In a bulk body `meta` unsets properties. A single request has null, so that Klaviyo does not add `company_id`. */
function profileItem(
  { profile, unset, id }: { profile: Profile; unset: readonly string[]; id: string | undefined },
  single: object,
): BatchItem {
  if (unset.length === 0) return batchItem(single);
  const meta = { patch_properties: { unset } };
  const item = batchItem({ type: 'profile', id, attributes: profile, meta });
  return { ...item, singleBody: () => JSON.stringify({ data: single }) };
}

function withCleared(profile: Profile, unset: readonly string[]): Profile {
  return {
    ...profile,
    properties: { ...Object.fromEntries(unset.map((name) => [name, null])), ...profile.properties },
  };
}

/** In realtime also a null within a property counts; in bulk such a part of a property is left out. */
function needsSingleImport({ properties = {}, ...attributes }: Profile, { lane }: WriteContext): boolean {
  if (lane === 'realtime') return hasNull(attributes) || hasNull(properties);
  return [...Object.values(attributes), ...Object.values(properties)].includes(null);
}

/** Returns whether a value is null or contains null. */
function hasNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.values(value).some(hasNull);
}

function pointsAtPhone(failure: ApiFailure): boolean {
  return failure.type === 'rejected' && failure.errors.some(({ pointer }) => pointer?.endsWith('/phone_number'));
}

/** @returns the change without the optional attribute that an error points at */
function withoutRejected(
  change: ProfileChange,
  failure: ApiFailure,
): { change: ProfileChange; attribute: string } | undefined {
  if (failure.type !== 'rejected') return undefined;
  const attribute = optionalAttributes.find(
    (name) =>
      change.profile[name] !== undefined &&
      failure.errors.some(({ pointer }) => pointer?.endsWith(`/attributes/${name}`) || pointer?.includes(`/${name}/`)),
  );
  if (attribute === undefined) return undefined;
  const { [attribute]: _rejected, ...profile } = change.profile;
  return { change: { ...change, profile }, attribute };
}

async function upsertWithoutPhone(change: ProfileChange, context: WriteContext, reason: string): Promise<Receipt> {
  const { phone_number: _phone, ...profile } = change.profile;
  return withWarnings(await upsert({ ...change, profile }, context), [phoneDropped(reason)]);
}

/**
 * The error does not say which identifier belongs to another profile, so both are looked up. Where a lookup finds no profile,
 * the id in the error counts: lookups may lag behind, or compare e-mails with their case.
 */
async function resolveDuplicate(change: ProfileChange, context: WriteContext, failure: ApiFailure): Promise<Receipt> {
  const owners = await identifierOwners(change.profile, context);
  if ('failure' in owners) return receiptOfFailure(owners.failure);
  const { byEmail, byId } = withNamedOwner(owners, failure);
  if (byEmail !== undefined && byId !== undefined && byEmail !== byId)
    return resolveIdentityConflict(change, context, { byEmail, byId });
  if (!change.profile.phone_number) return receiptOfFailure(failure);
  return upsertWithoutPhone(change, context, 'another profile has it');
}

function withNamedOwner(
  { byEmail, byId }: { byEmail: string | undefined; byId: string | undefined },
  failure: ApiFailure,
): { byEmail: string | undefined; byId: string | undefined } {
  const errors = failure.type === 'rejected' ? failure.errors : [];
  const named = errors.find(({ duplicateProfileId }) => duplicateProfileId)?.duplicateProfileId;
  if (named === undefined || named === byEmail || named === byId) return { byEmail, byId };
  if (byEmail !== undefined && byId === undefined) return { byEmail, byId: named };
  if (byEmail === undefined && byId !== undefined) return { byEmail: named, byId };
  return { byEmail, byId };
}

/** @returns Klaviyo's ids of the profiles with the e-mail and with the external_id */
async function identifierOwners({ email, external_id }: Profile, { existing, lane }: WriteContext) {
  const [byEmail, byId] = await Promise.all([
    existing.profile('email', email, lane),
    external_id === undefined ? undefined : existing.profile('external_id', external_id, lane),
  ]);
  if (byEmail && 'failure' in byEmail) return byEmail;
  if (byId && 'failure' in byId) return byId;
  return { byEmail: byEmail?.id, byId: byId?.id };
}

/** Resolves the conflict when the e-mail belongs to one profile (Klaviyo's id) and the external_id to another. */
async function resolveIdentityConflict(
  change: ProfileChange,
  context: WriteContext,
  { byEmail, byId }: { byEmail: string; byId: string },
): Promise<Receipt> {
  const detail = `e-mail on profile ${byEmail}, external_id on profile ${byId}`;
  if (change.identityConflict === 'reject')
    return { outcome: 'rejected', code: 'identity_conflict', detail, field: '/data/attributes/external_id' };
  if (change.identityConflict === 'merge') {
    const relationships = { profiles: { data: [{ type: 'profile', id: byId }] } };
    const body = { data: { type: 'profile-merge', id: byEmail, relationships } };
    const merged = await request(context, { endpoint: 'mergeProfiles', body });
    if (!merged.ok) return receiptOfFailure(merged.failure);
    const pending = await waitForMerge({ external_id: change.profile.external_id ?? '', byId }, context);
    if (pending) return pending;
    return withWarnings(await writeToProfile(change, context, byEmail), [{ code: 'profiles-merged', detail }]);
  }
  const { external_id: _externalId, ...profile } = change.profile;
  const receipt = await writeToProfile({ ...change, profile }, context, byEmail);
  return withWarnings(receipt, [
    { code: 'identity-conflict', detail: `${detail}; written to the e-mail's profile, identifiers unchanged` },
  ]);
}

/**
 * Klaviyo merges after it has accepted the request. Until then a write with the external_id is rejected.
 * https://developers.klaviyo.com/en/reference/merge_profiles
 */
const mergePollDelaysMs = [50, 200, 500, 1_000, 2_000];

/** @returns undefined when the external_id has left its former profile, else the receipt of the change */
async function waitForMerge(
  { external_id, byId }: { external_id: string; byId: string },
  context: WriteContext,
): Promise<Receipt | undefined> {
  for (const delayMs of mergePollDelaysMs) {
    const isElapsed = await sleep(delayMs, true, { signal: context.deadline.signal() }).catch(() => false);
    if (!isElapsed) break;
    const owner = await context.existing.profile('external_id', external_id, context.lane);
    if (owner && 'failure' in owner) return receiptOfFailure(owner.failure);
    if (owner?.id !== byId) return undefined;
  }
  return { outcome: 'unavailable', reason: 'Klaviyo is still merging two profiles' };
}

/** Writes to the profile with this Klaviyo id; what Klaviyo rejects and the profile can go without is left out. */
async function writeToProfile(change: ProfileChange, context: WriteContext, id: string): Promise<Receipt> {
  const failure = await importProfile(change, context, id);
  if (failure === undefined) return delivered;
  const without = withoutRejected(change, failure);
  if (without) return withWarnings(await writeToProfile(without.change, context, id), [leftOut(without.attribute)]);
  const { phone_number: phone, ...profile } = change.profile;
  if (!phone || failure.type !== 'rejected') return receiptOfFailure(failure);
  const receipt = await writeToProfile({ ...change, profile }, context, id);
  return withWarnings(receipt, [phoneDropped('rejected, or another profile has it')]);
}

/** For `customer.deduplication`: gives the e-mail's profile this external_id, unless another profile has it. */
async function upsertByEmail(change: ProfileChange, context: WriteContext): Promise<Receipt> {
  const owners = await identifierOwners(change.profile, context);
  if ('failure' in owners) return receiptOfFailure(owners.failure);
  const { byEmail, byId } = owners;
  const withoutLookup = { ...change, emailFirst: false };
  if (byEmail === undefined) return upsert(withoutLookup, context);
  if (byId === undefined || byId === byEmail) return writeToProfile(change, context, byEmail);
  return resolveIdentityConflict(withoutLookup, context, { byEmail, byId });
}
