/**
 * Remembers in the profile which properties this service wrote, so that a bulk sync unsets those that the customer no longer
 * has, and no property of another app.
 */
import { z } from 'zod';
import type { ApiFailure } from '../api/errors.ts';
import type { JsonObject, Profile, ProfileChange } from '../change.ts';
import type { WriteContext } from './write-context.ts';

/** Name of the profile property that lists the names. */
const writtenNamesProperty = 'ctk_fields';

const nameList = z.array(z.string()).catch([]);

export interface WithWrittenNames {
  change: ProfileChange;
  /** How many properties the change unsets because they were written before. */
  unsetCount: number;
}

/** Returns the change with the list of names, and with what is to be unset, or why the profile can't be read. */
export async function withWrittenNames(
  change: ProfileChange,
  context: WriteContext,
): Promise<WithWrittenNames | { failure: ApiFailure }> {
  const { writtenNames, unlistedNames = [], profile } = change;
  if (writtenNames === undefined) return { change, unsetCount: 0 };
  const existing = await propertiesOf(profile, context);
  if ('failure' in existing) return existing;
  const before = nameList.parse(existing.properties[writtenNamesProperty]);
  const entries = Object.entries(profile.properties ?? {});
  const present = entries.flatMap(([name, value]) => (value === null ? [] : [name]));
  const names = present.filter((name) => !unlistedNames.includes(name));
  const cleared = new Set(entries.flatMap(([name, value]) => (value === null ? [name] : [])));
  const kept = before.filter((name) => !cleared.has(name) && !present.includes(name));
  const unset = writtenNames === 'unset' ? kept : [];
  const listed = writtenNames === 'unset' ? names : [...names, ...kept];
  if (listed.length + before.length === 0) return { change, unsetCount: 0 };
  const properties: JsonObject = { ...profile.properties, [writtenNamesProperty]: listed.toSorted() };
  return { change: { ...change, profile: { ...profile, properties }, unset }, unsetCount: unset.length };
}

async function propertiesOf(
  { external_id, email }: Profile,
  { existing, lane }: WriteContext,
): Promise<{ properties: Record<string, unknown> } | { failure: ApiFailure }> {
  const byId =
    external_id === undefined ? undefined : await existing.profileProperties('external_id', external_id, lane);
  const found = byId ?? (await existing.profileProperties('email', email, lane));
  return found && 'failure' in found ? found : { properties: found?.properties ?? {} };
}
