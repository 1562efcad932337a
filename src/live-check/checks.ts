/** The list of live checks, in the order in which they run. */
import { clocks } from './clocks.ts';
import { commercetoolsObjects } from './commercetools-objects.ts';
import { commercetoolsQueries } from './commercetools-queries.ts';
import { klaviyoCatalog } from './klaviyo-catalog.ts';
import { klaviyoEvents } from './klaviyo-events.ts';
import { klaviyoIds } from './klaviyo-ids.ts';
import { klaviyoJobs } from './klaviyo-jobs.ts';
import { klaviyoProfileIds } from './klaviyo-profile-ids.ts';
import { klaviyoProfiles } from './klaviyo-profiles.ts';
import { klaviyoScopes } from './klaviyo-scopes.ts';
import { klaviyoUnset } from './klaviyo-unset.ts';
import type { LiveCheck, LiveCheckContext } from './live-check.ts';
import { subscription } from './subscription.ts';

const liveChecks: readonly LiveCheck[] = [
  clocks,
  commercetoolsObjects,
  commercetoolsQueries,
  subscription,
  klaviyoScopes,
  klaviyoCatalog,
  klaviyoIds,
  klaviyoProfiles,
  klaviyoEvents,
  klaviyoProfileIds,
  // Last, because they may take minutes.
  klaviyoUnset,
  klaviyoJobs,
];

type Options = Pick<LiveCheckContext, 'destination'>;

/** @returns the checks that run with these options */
export function checksFor(options: Options): LiveCheck[] {
  return liveChecks.filter(({ applies }) => applies === undefined || applies(options));
}

/** What the user consents to: the test records that are created, and what can't be removed. */
export interface LiveCheckPlan {
  creates: string[];
  remains: string[];
}

export function planOf(options: Options): LiveCheckPlan {
  const checks = checksFor(options);
  return {
    creates: checks.flatMap(({ creates }) => creates),
    remains: [...new Set(checks.flatMap(({ remains }) => remains))],
  };
}
