/**
 * Everything one pretended Klaviyo account holds. `reset` empties it in place, so that routes may keep their references.
 */
import { createCatalog } from './catalog.ts';
import { createEvents } from './events.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createProfiles } from './profiles.ts';

export type Account = {
  profiles: ReturnType<typeof createProfiles>;
  events: ReturnType<typeof createEvents>;
  catalog: ReturnType<typeof createCatalog>;
  jobs: Jobs;
  /** Is a record made at this time (ISO 8601) in the listings yet? */
  isListed(created: string): boolean;
  reset(): void;
};

type AccountOptions = { jobMs: number; lagMs: number; failsRecord: (jobType: string) => boolean };

/** An empty account whose bulk jobs take `jobMs`, and whose listings show new records after `lagMs`. */
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
