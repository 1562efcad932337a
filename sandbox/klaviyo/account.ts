/** State of one mock Klaviyo account. `reset` empties it in place, so route handlers can keep their reference. */
import { createCatalog } from './catalog.ts';
import { createEvents } from './events.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createProfiles } from './profiles.ts';

export type Account = {
  profiles: ReturnType<typeof createProfiles>;
  events: ReturnType<typeof createEvents>;
  catalog: ReturnType<typeof createCatalog>;
  jobs: Jobs;
  /** Returns whether listings already include a record created at this time (ISO 8601). */
  isListed(created: string): boolean;
  reset(): void;
};

type AccountOptions = { jobMs: number; lagMs: number; failsRecord: (jobType: string) => boolean };

/**
 * Creates an empty account. Bulk jobs take `jobMs` milliseconds; listings include a new record after `lagMs`
 * milliseconds.
 */
export function createAccount({ jobMs, lagMs, failsRecord }: AccountOptions): Account {
  const account: Account = {
    profiles: createProfiles(),
    events: createEvents(),
    catalog: createCatalog(),
    jobs: createJobs(jobMs, failsRecord),
    isListed: (created) => lagMs === 0 || Date.parse(created) + lagMs <= Date.now(),
    reset() {
      account.profiles = createProfiles();
      account.events = createEvents();
      account.catalog = createCatalog();
      account.jobs.reset();
    },
  };
  return account;
}
