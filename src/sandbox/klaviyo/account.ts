// Everything one pretended Klaviyo account holds. `reset` empties it in place, so that routes may keep their references.
import { createCatalog } from './catalog.ts';
import { createEvents } from './events.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createProfiles } from './profiles.ts';

export type Account = {
  profiles: ReturnType<typeof createProfiles>;
  events: ReturnType<typeof createEvents>;
  catalog: ReturnType<typeof createCatalog>;
  jobs: Jobs;
  reset(): void;
};

/** An empty account whose bulk jobs take `jobMs` milliseconds. */
export function createAccount(jobMs: number): Account {
  const account: Account = {
    profiles: createProfiles(),
    events: createEvents(),
    catalog: createCatalog(),
    jobs: createJobs(jobMs),
    reset() {
      account.profiles = createProfiles();
      account.events = createEvents();
      account.catalog = createCatalog();
      account.jobs.reset();
    },
  };
  return account;
}
