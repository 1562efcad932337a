/**
 * The test profile and the test events of the checks. The service's key may not delete profiles, and Klaviyo deletes no
 * events, so that every execution uses the same profile and the same metric: one of each remains, however often it is
 * verified. An active profile counts in Klaviyo's billing, and an account has at most 200 metrics.
 */
import { z } from 'zod';
import { createInKlaviyo, expectKlaviyo } from './klaviyo-requests.ts';
import type { LiveCheckContext } from './live-check.ts';

/**
 * example.com is reserved (RFC 2606) and accepts no mail. The reserved top-level domains, such
 * as `.test`, might be refused as malformed.
 */
export const testProfile = { email: 'ctk-live-check@example.com', external_id: 'ctk-live-check' };
export const testMetric = 'ctk live check';

export const remainingProfile = `the profile ${testProfile.email} (external_id ${testProfile.external_id}), the same one in every check`;
export const remainingEvents = `up to eight events of the metric "${testMetric}" of this profile, and the metric`;

export const profileData = { type: 'profile', attributes: testProfile };

/** Creates the test profile, or finds it. @throws UnverifiableError */
export async function ensureTestProfile(context: LiveCheckContext): Promise<void> {
  await expectKlaviyo(context, { endpoint: 'importProfile', body: { data: profileData } }, z.unknown());
}

export function eventAttributes(context: LiveCheckContext, uniqueId: string): object {
  return {
    metric: { data: { type: 'metric', attributes: { name: testMetric } } },
    properties: {},
    time: context.now().toISOString(),
    unique_id: uniqueId,
  };
}

/** @throws UnverifiableError */
export async function createTestEvent(context: LiveCheckContext, uniqueId: string): Promise<void> {
  const attributes = { ...eventAttributes(context, uniqueId), profile: { data: profileData } };
  await createInKlaviyo(context, { endpoint: 'createEvent', body: { data: { type: 'event', attributes } } });
}
