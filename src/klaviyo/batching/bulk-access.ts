/**
 * Decides whether an operation may use its bulk endpoint, from what Klaviyo has shown so far: whether the key has the
 * scopes, and how Klaviyo treats a body with an event that it has recorded already. Its reference says only that "the
 * request will fail and no events will be processed": the event may be ignored, the body may be rejected, or it may be
 * accepted and lost as a whole. https://developers.klaviyo.com/en/reference/bulk_create_events
 *
 * So the first body of events is verified with its own events: one is recorded by a single request first, and found, and
 * another one, which Klaviyo did not have until then, must be found afterwards. Until then no other body is sent. Without
 * proof, or where the body seems to hold no new event, events are sent singly, where a repeated event is ignored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createBackoff } from '../../lib/backoff.ts';
import { parseJson } from '../../lib/json.ts';
import type { KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { Lane } from '../api/rate-limiter.ts';
import { createExistingProfiles } from '../existing-profiles.ts';
import { isEventListed } from '../listed-events.ts';
import { createMetricIds } from '../metric-ids.ts';
import type { BatchItem } from './bulk-body.ts';
import type { Operation } from './operations.ts';

/** `single`: only single requests; `wait`: not now, since the first body is being verified. */
export type BulkMode = 'bulk' | 'single' | 'wait';

export interface BulkAccess {
  mode(): BulkMode;
  /**
   * Called when the key may not use the bulk endpoint or read its jobs.
   * @returns whether single requests are used instead from now on; false when these require the same scopes
   */
  onForbidden(reason: string): boolean;
  /** Called when a body was rejected because of events that Klaviyo has recorded already. */
  onRecordedRejected(): void;
  /**
   * Called before a body is sent. @returns undefined to send it as it is; `single` to send its records one by one
   * instead; or how the body is verified
   */
  beginBody(items: readonly BatchItem[]): Promise<Verification | 'single' | undefined>;
}

export interface Verification {
  /** The index of an item to be sent in a single request first, so that the body repeats it. */
  repeated: number;
  /**
   * To be called before the body is sent. @param isAccepted whether Klaviyo accepted that item
   * @returns false if the body may repeat nothing, or hold no new event after all, so that it would show nothing: its
   * records have to be sent one by one
   */
  isRepeated(isAccepted: boolean): Promise<boolean>;
  /** To be called once Klaviyo has accepted the body. @returns false if its records may be lost and have to be sent one by one */
  isRecorded(): Promise<boolean>;
  /** To be called after the records of a body that was not recorded were sent in single requests. */
  afterSingles(): Promise<void>;
  /** To be called when the body was not accepted. */
  abandon(): void;
}

/** A key may be replaced in Klaviyo, or get scopes: the bulk endpoint is tried again after an hour. */
const forbiddenMs = 3_600_000;

/** For operations whose bodies need no verification. @param onWarning called when single requests replace bodies */
export function createBulkAccess(operation: Operation, onWarning: (detail: string) => void): BulkAccess {
  let forbiddenUntil = Number.NEGATIVE_INFINITY;
  const requiredBySingle: readonly string[] = endpoints[operation.single].scopes;
  const extraScopes = scopesOfBulk(operation).filter((scope) => !requiredBySingle.includes(scope));
  return {
    mode: () => (performance.now() < forbiddenUntil ? 'single' : 'bulk'),
    onForbidden(reason) {
      if (extraScopes.length === 0) return false;
      if (performance.now() >= forbiddenUntil)
        onWarning(`${operation.bulk} needs ${extraScopes.join(' and ')}: records are sent one by one (${reason})`);
      forbiddenUntil = performance.now() + forbiddenMs;
      return true;
    },
    onRecordedRejected: () => undefined,
    beginBody: () => Promise.resolve(undefined),
  };
}

function scopesOfBulk({ bulk, job }: Operation): string[] {
  const used = [bulk, ...(job ? [job.list, job.get] : [])];
  return [...new Set(used.flatMap((name) => endpoints[name].scopes))];
}

/** What Klaviyo does with a body that repeats an event. */
export type RepeatedEvents = 'ignored' | 'rejected' | 'lost';

/** Remembers the finding for the account, also for other processes. */
export interface RepeatedEventsMemory {
  /** Never rejects. */
  read(): Promise<RepeatedEvents | undefined>;
  write(finding: RepeatedEvents): Promise<void>;
}

export interface VerifiedBulkAccessDeps {
  client: KlaviyoClient;
  /** By the scopes of the key. */
  access: BulkAccess;
  memory: RepeatedEventsMemory;
  /** Within this time Klaviyo lists an event that it has recorded. Old events took longest in recordings. */
  maxListingMs: number;
  /** Stops waiting for a recorded event. */
  signal: AbortSignal;
  onWarning(detail: string): void;
}

type State = RepeatedEvents | 'unread' | 'unknown' | 'verifying' | 'unverifiable';

/** Events that are looked up until one is found that Klaviyo does not have. */
const maxCandidates = 5;
/** Until they are answered, realtime has no bulk bodies either. */
const lookupLane: Lane = 'realtime';
const pollBackoff = { firstMs: 100, maxMs: 10_000 };
/** Without the scopes of the lookups, these are tried again after an hour. */
const retryMs = 3_600_000;

/** Whether Klaviyo lists an event; `unavailable`: it can't be read now; `forbidden`: nor later, with this key. */
type Listing = 'listed' | 'absent' | 'unavailable' | 'forbidden';

const unlistedBecause = ({ type }: ApiFailure): Listing => (type === 'unavailable' ? 'unavailable' : 'forbidden');

const singleBody = z.object({
  data: z.object({
    attributes: z.object({
      profile: z.object({
        data: z.object({
          id: z.string().optional(),
          attributes: z.object({ external_id: z.string().optional(), email: z.string().optional() }),
        }),
      }),
      metric: z.object({ data: z.object({ attributes: z.object({ name: z.string() }) }) }),
      unique_id: z.string(),
      time: z.string(),
    }),
  }),
});

type EventRecord = z.infer<typeof singleBody>['data']['attributes'];

/** For events: their first body is verified. */
export function createVerifiedBulkAccess(deps: VerifiedBulkAccessDeps): BulkAccess {
  const { client, access, memory, signal, onWarning } = deps;
  const idOfMetric = createMetricIds(client);
  const profiles = createExistingProfiles(client);
  let state: State = 'unread';
  let unverifiableUntil = 0;

  async function readMemory(): Promise<void> {
    state = 'verifying';
    state = (await memory.read()) ?? 'unknown';
  }

  function mode(): BulkMode {
    if (access.mode() !== 'bulk') return access.mode();
    if (state === 'unread') void readMemory();
    if (state === 'unverifiable' && performance.now() >= unverifiableUntil) state = 'unknown';
    if (state === 'verifying') return 'wait';
    return state === 'lost' || state === 'unverifiable' ? 'single' : 'bulk';
  }

  async function learn(finding: RepeatedEvents): Promise<void> {
    state = finding;
    if (finding === 'lost')
      onWarning('Klaviyo loses bulk bodies that repeat an event: events are sent one by one, 3,500 a minute');
    await memory.write(finding).catch(() => undefined);
  }

  /** @param which Klaviyo's filter of events, in addition to the metric */
  async function listingAmong({ metric, unique_id: uniqueId }: EventRecord, which: string): Promise<Listing> {
    const metricId = await idOfMetric(metric.data.attributes.name, { lane: lookupLane, signal });
    if (typeof metricId === 'object') return unlistedBecause(metricId.failure);
    if (metricId === 'none') return 'absent';
    const filter = `equals(metric_id,"${metricId}"),${which}`;
    const listed = await isEventListed(client, uniqueId, { filter, lane: lookupLane, signal });
    if (typeof listed === 'object') return unlistedBecause(listed.failure);
    return listed ? 'listed' : 'absent';
  }

  function listingAtItsTime(event: EventRecord): Promise<Listing> {
    const around = (ms: number) => new Date(Date.parse(event.time) + ms).toISOString();
    return listingAmong(event, `greater-or-equal(datetime,${around(-1_000)}),less-or-equal(datetime,${around(1_000)})`);
  }

  /** Where commercetools keeps no time of what happened, its message and a sync give the same event different times. */
  async function listingOfProfile(event: EventRecord): Promise<Listing> {
    const { id, attributes } = event.profile.data;
    let profileId = id;
    for (const field of ['external_id', 'email'] as const) {
      const value = attributes[field];
      if (profileId !== undefined || value === undefined) continue;
      const found = await profiles.profile(field, value, lookupLane);
      if (found && 'failure' in found) return unlistedBecause(found.failure);
      profileId = found?.id;
    }
    return profileId === undefined ? 'absent' : listingAmong(event, `equals(profile_id,"${profileId}")`);
  }

  async function isRecorded(event: EventRecord): Promise<Listing> {
    const listing = await listingAtItsTime(event);
    return listing === 'absent' ? listingOfProfile(event) : listing;
  }

  /** @returns an event of the body that Klaviyo does not have, or why there is none to verify the body with */
  async function findNewEvent(items: readonly BatchItem[]): Promise<EventRecord | Exclude<Listing, 'absent'>> {
    const candidates: EventRecord[] = [];
    for (const item of spread(items.slice(1), maxCandidates)) {
      const event = eventIn(item);
      if (!event) return 'forbidden';
      candidates.push(event);
    }
    for (const event of candidates.sort((one, other) => Date.parse(one.time) - Date.parse(other.time))) {
      const listing = await isRecorded(event);
      if (listing === 'absent') return event;
      if (listing !== 'listed') return listing;
    }
    return 'listed';
  }

  /** @returns the last listing within the time in which Klaviyo lists what it has recorded */
  async function waitUntilListed(event: EventRecord, listingOf = listingAtItsTime): Promise<Listing> {
    const backoff = createBackoff(pollBackoff);
    const until = performance.now() + deps.maxListingMs;
    for (;;) {
      const listing = await listingOf(event).catch((): Listing => 'unavailable');
      const isFinal = listing === 'listed' || listing === 'forbidden';
      if (isFinal || performance.now() > until || signal.aborted) return listing;
      await sleep(backoff.nextMs(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Called once a later event is listed: so is one by now that was recorded just before it was looked up. */
  async function isStillNew(event: EventRecord): Promise<boolean> {
    return (await isRecorded(event).catch((): Listing => 'unavailable')) === 'absent';
  }

  async function beginBody(items: readonly BatchItem[]): Promise<Verification | 'single' | undefined> {
    if (state === 'ignored' || state === 'rejected' || items.length < 2) return undefined;
    // Also a part of a rejected body, while another part of it is being verified.
    if (state !== 'unknown') return 'single';
    state = 'verifying';
    // Also after an exception: no other body is sent while one is being verified.
    const event = await findNewEvent(items).catch((thrown: unknown) => {
      abandon();
      throw thrown;
    });
    if (event === 'forbidden') {
      state = 'unverifiable';
      unverifiableUntil = performance.now() + retryMs;
      onWarning(
        'bulk bodies of events cannot be verified (the key needs events:read, metrics:read and profiles:read): events are sent one by one',
      );
      return 'single';
    }
    if (typeof event === 'string') {
      abandon();
      return 'single';
    }
    return verificationBy(event, items[0]);
  }

  function abandon(): void {
    if (state === 'verifying') state = 'unknown';
  }

  /** @param event of the body that Klaviyo did not have. @param first the item that the body repeats */
  function verificationBy(event: EventRecord, first: BatchItem | undefined): Verification {
    let listing: Listing | undefined;
    return {
      repeated: 0,
      async isRepeated(isAccepted) {
        const repeated = first && eventIn(first);
        const isListed = isAccepted && repeated && (await waitUntilListed(repeated, isRecorded)) === 'listed';
        if (isListed && (await isStillNew(event))) return true;
        abandon();
        return false;
      },
      async isRecorded() {
        listing = await waitUntilListed(event);
        if (listing !== 'listed') return false;
        await learn('ignored');
        return true;
      },
      async afterSingles() {
        // The body was lost only if the event is listed once it was sent alone: Klaviyo may drop that event in any request.
        if (listing === 'absent' && (await waitUntilListed(event)) === 'listed') await learn('lost');
        else abandon();
      },
      abandon,
    };
  }

  return {
    mode,
    onForbidden: access.onForbidden,
    onRecordedRejected() {
      if (state !== 'rejected') void learn('rejected');
    },
    beginBody,
  };
}

/** @returns undefined for an item that is no event in the expected shape */
function eventIn(item: BatchItem): EventRecord | undefined {
  return singleBody.safeParse(parseJson(item.singleBody() ?? '')).data?.data.attributes;
}

/** @returns up to `count` of the items, from all parts of the list */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  const step = Math.max(items.length / count, 1);
  return Array.from({ length: Math.min(count, items.length) }, (_, index) => items[Math.floor(index * step)]).filter(
    (item) => item !== undefined,
  );
}
