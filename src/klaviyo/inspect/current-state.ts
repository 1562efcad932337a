/** What Klaviyo holds now of what a change is about: for people who compare. Nothing is written. */
import { z } from 'zod';
import type { KlaviyoClient } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import { type Change, coalescingKey, type ProfileIdentity } from '../change.ts';
import { createExistingRecords, type ExistingRecord, type LookupResult } from '../existing-records.ts';

export interface CurrentState {
  /**
   * In the shape of the change, so that the two can be laid side by side: `{ profile: … }`, `{ item: …, variants: … }`;
   * absent where Klaviyo holds nothing of it.
   */
  now?: Record<string, unknown>;
  /** What was not looked up, or why it can't be told. */
  note?: string;
}

/** @returns what Klaviyo holds of each, in order; a profile that several are about is asked for once */
export type ReadCurrentState = (changes: readonly Change[]) => Promise<CurrentState[]>;

const profiles = z.object({
  data: z.array(z.object({ id: z.string(), attributes: z.record(z.string(), z.unknown()) })),
});
const timeoutMs = 15_000;
const events = "Klaviyo's events are not looked up; Klaviyo records one for each profile, metric and unique_id";

export function createCurrentState(client: KlaviyoClient): ReadCurrentState {
  const held = createExistingRecords(client);

  async function profile({ email, external_id }: ProfileIdentity, note?: string): Promise<CurrentState> {
    const by = external_id === undefined ? { email } : { external_id };
    const found = (await profileBy(by)) ?? (email === undefined ? undefined : await profileBy({ email }));
    const noted = note === undefined ? {} : { note };
    if (found === undefined) return noted;
    return 'problem' in found ? { note: found.problem } : { now: { profile: found }, ...noted };
  }

  async function profileBy(by: { email?: string | undefined; external_id?: string | undefined }) {
    const [[field, value] = ['email', '']] = Object.entries(by);
    const query = { filter: `any(${field},${JSON.stringify([value])})` };
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await client.call({ endpoint: 'listProfiles', query, lane: 'realtime', signal });
    if (!answer.ok) return { problem: wordsOf(answer.failure) };
    const parsed = profiles.safeParse(answer.body);
    if (!parsed.success) return { problem: 'Klaviyo listed profiles in an unknown shape' };
    const [only] = parsed.data.data;
    return only && { id: only.id, ...only.attributes };
  }

  async function one(found: Promise<LookupResult<ExistingRecord>>, name: string): Promise<CurrentState> {
    const record = await found;
    if (record === undefined) return {};
    if ('failure' in record) return { note: wordsOf(record.failure) };
    return { now: { [name]: { external_id: record.externalId, ...record.attributes } } };
  }

  async function item(externalId: string, order: readonly string[]): Promise<CurrentState> {
    const found = await held.item(externalId, 'realtime');
    if (found === undefined) return {};
    if ('failure' in found) return { note: wordsOf(found.failure) };
    const attributesOf = (record: ExistingRecord | undefined) =>
      record && { external_id: record.externalId, ...record.attributes };
    const others = [...found.variants.keys()].filter((sku) => !order.includes(sku));
    const variants = [...order, ...others].map((sku) => attributesOf(found.variants.get(sku)) ?? null);
    return { now: { item: attributesOf(found), variants } };
  }

  async function stock(sku: string): Promise<CurrentState> {
    const found = await held.variant(sku, 'realtime');
    if (found === undefined) return {};
    if ('failure' in found) return { note: wordsOf(found.failure) };
    const { inventory_quantity: quantity, inventory_policy: policy } = found.attributes;
    return { now: { sku: found.attributes.sku, quantity, policy } };
  }

  function holds(change: Change): Promise<CurrentState> {
    switch (change.type) {
      case 'event':
        return profile(change.profile, events);
      case 'profile':
        return profile(change.profile);
      case 'category':
        return one(held.category(change.category.external_id, 'realtime'), 'category');
      case 'item':
        return item(
          change.item.external_id,
          change.variants.map((variant) => variant.external_id),
        );
      case 'stock':
        return stock(change.sku);
      case 'delete':
        return change.recordType === 'item'
          ? item(change.externalId, [])
          : one(held.category(change.externalId, 'realtime'), 'category');
    }
  }

  return (changes) => {
    const known = new Map<string, Promise<CurrentState>>();
    const once = (change: Change) => {
      const about = change.type === 'event' ? JSON.stringify(change.profile) : coalescingKey(change);
      const found = known.get(about) ?? holds(change);
      known.set(about, found);
      return found;
    };
    return Promise.all(changes.map(once));
  };
}

function wordsOf(failure: ApiFailure): string {
  return failure.type === 'rejected'
    ? `Klaviyo answered ${failure.status} (${failure.errors.map(({ code }) => code).join(', ')})`
    : failure.reason;
}
