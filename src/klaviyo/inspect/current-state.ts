/** Reads Klaviyo's current state of the records that changes are about, for comparison. Writes nothing. */
import { z } from 'zod';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { KlaviyoClient } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { LookupResult } from '../batched-lookup.ts';
import type { Change, Profile, ProfileIdentity } from '../change.ts';
import { coalescingKey } from '../change-kinds.ts';
import { createExistingRecords, type ExistingRecord } from '../existing-records.ts';

export interface CurrentState {
  /** In the shape of the change, such as `{ profile: … }`. Absent when Klaviyo has no such record. */
  now?: Record<string, unknown>;
  /** What was not looked up, or why it could not be read. */
  note?: string;
}

/** @returns the current state for each change, in order; a record of several changes is looked up once */
export type ReadCurrentState = (changes: readonly Change[]) => Promise<CurrentState[]>;

const profileList = z.object({
  data: z.array(z.object({ id: z.string(), attributes: z.record(z.string(), z.unknown()) })),
});
const timeoutMs = 15_000;
const eventNote = "Klaviyo's events are not looked up; Klaviyo records one for each profile, metric and unique_id";

export function createCurrentState(client: KlaviyoClient): ReadCurrentState {
  const existing = createExistingRecords(client);

  async function profileState({ id, email, external_id }: ProfileIdentity, note?: string): Promise<CurrentState> {
    const first = id !== undefined ? { id } : external_id === undefined ? { email } : { external_id };
    const profile = (await findProfile(first)) ?? (email === undefined ? undefined : await findProfile({ email }));
    if (profile === undefined) return omitUndefined({ note });
    return 'problem' in profile ? { note: profile.problem } : omitUndefined({ now: { profile }, note });
  }

  async function findProfile(identifier: { [Name in 'id' | 'email' | 'external_id']?: string | undefined }) {
    const [[field, value] = ['email', '']] = Object.entries(identifier);
    const query = { filter: `any(${field},${JSON.stringify([value])})` };
    const signal = AbortSignal.timeout(timeoutMs);
    const result = await client.call({ endpoint: 'listProfiles', query, lane: 'realtime', signal });
    if (!result.ok) return { problem: describeFailure(result.failure) };
    const parsed = profileList.safeParse(result.body);
    if (!parsed.success) return { problem: 'Klaviyo listed profiles in an unknown shape' };
    const [profile] = parsed.data.data;
    return profile && { id: profile.id, ...profile.attributes };
  }

  async function categoryState(externalId: string): Promise<CurrentState> {
    return stateOf(await existing.category(externalId, 'realtime'), (category) => ({ category: shown(category) }));
  }

  /** @param skus the change's variants: the current ones are listed in the same order, others after them */
  async function itemState(externalId: string, skus: readonly string[]): Promise<CurrentState> {
    return stateOf(await existing.item(externalId, 'realtime'), (item) => {
      const otherSkus = [...item.variants.keys()].filter((sku) => !skus.includes(sku));
      const variants = [...skus, ...otherSkus].map((sku) => item.variants.get(sku));
      return { item: shown(item), variants: variants.map((variant) => (variant ? shown(variant) : null)) };
    });
  }

  async function stockState(externalId: string): Promise<CurrentState> {
    return stateOf(await existing.variant(externalId, 'realtime'), ({ attributes }) => {
      const { sku, inventory_quantity: quantity, inventory_policy: policy } = attributes;
      return { sku, quantity, policy };
    });
  }

  function currentState(change: Change): Promise<CurrentState> {
    switch (change.type) {
      case 'event':
        return profileState(change.profile, eventNote);
      case 'order-profile':
        return profileState({ id: change.profileId });
      case 'profile':
        return profileState(identityOf(change.profile));
      case 'erasure':
        return profileState({ external_id: change.customerId });
      case 'category':
        return categoryState(change.category.external_id);
      case 'item':
        return itemState(
          change.item.external_id,
          change.variants.map((variant) => variant.external_id),
        );
      case 'stock':
        return stockState(change.sku);
      case 'delete':
        return change.recordType === 'item' ? itemState(change.externalId, []) : categoryState(change.externalId);
    }
  }

  return (changes) => {
    const states = new Map<string, Promise<CurrentState>>();
    const stateOnce = (change: Change) => {
      const key = change.type === 'event' ? JSON.stringify(change.profile) : coalescingKey(change, 'realtime');
      const state = states.get(key) ?? currentState(change);
      states.set(key, state);
      return state;
    };
    return Promise.all(changes.map(stateOnce));
  };
}

function stateOf<Existing extends ExistingRecord>(
  result: LookupResult<Existing>,
  show: (record: Existing) => Record<string, unknown>,
): CurrentState {
  if (result === undefined) return {};
  return 'failure' in result ? { note: describeFailure(result.failure) } : { now: show(result) };
}

function shown({ externalId, attributes }: ExistingRecord): Record<string, unknown> {
  return { external_id: externalId, ...attributes };
}

function describeFailure(failure: ApiFailure): string {
  return failure.type === 'rejected'
    ? `Klaviyo answered ${failure.status} (${failure.errors.map(({ code }) => code).join(', ')})`
    : failure.reason;
}

function identityOf({ email, external_id }: Profile): ProfileIdentity {
  return { email, ...(external_id === undefined ? {} : { external_id }) };
}
