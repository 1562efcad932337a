/** State of one mock Klaviyo account. `reset` empties it in place, so route handlers can keep their reference. */
import type { KlaviyoBehaviours } from './behaviours.ts';
import { createCatalog } from './catalog.ts';
import { createEvents } from './events.ts';
import type { JobMs } from './job-durations.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createProfiles } from './profiles.ts';

export type Account = {
  behaviours: KlaviyoBehaviours;
  profiles: ReturnType<typeof createProfiles>;
  events: ReturnType<typeof createEvents>;
  catalog: ReturnType<typeof createCatalog>;
  jobs: Jobs;
  /** Metric id of each mapping that was set by a request. */
  mappedMetrics: Map<string, string>;
  /** Returns whether listings already include a record created at this time (ISO 8601). */
  isListed(created: string): boolean;
  reset(): void;
};

type AccountOptions = { jobMs: JobMs; behaviours: KlaviyoBehaviours; failsRecord: (jobType: string) => boolean };

/** Id of the account. */
export const accountId = 'SNDBOX';

/** Creates an empty account. Bulk jobs take `jobMs`; listings include a new record after the lag of the behaviours. */
export function createAccount({ jobMs, behaviours, failsRecord }: AccountOptions): Account {
  const { lagMs } = behaviours;
  const account: Account = {
    behaviours,
    profiles: createProfiles(behaviours),
    events: createEvents(),
    catalog: createCatalog(behaviours),
    jobs: createJobs({ jobMs, failsRecord, behaviours }),
    mappedMetrics: new Map(),
    isListed: (created) => lagMs === 0 || Date.parse(created) + lagMs <= Date.now(),
    reset() {
      account.profiles = createProfiles(behaviours);
      account.events = createEvents();
      account.catalog = createCatalog(behaviours);
      account.jobs.reset();
      account.mappedMetrics.clear();
    },
  };
  return account;
}
