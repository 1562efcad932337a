/**
 * What a live check is: facts about the user's own accounts that only a call can verify, on test records that it creates
 * and removes. The list of checks is in checks.ts, run-live-check.ts runs them.
 */
import type { CommercetoolsClient } from '../commercetools/client.ts';
import type { Destination } from '../commercetools/subscriptions/destinations.ts';
import type { KlaviyoClient } from '../klaviyo/api/client.ts';
import type { Cleanup } from './cleanup.ts';

/** `unverified`: the fact could not be found out. */
export type FactState = 'ok' | 'warning' | 'problem' | 'unverified';

export interface FactFinding {
  /** Short, such as `ignored`; it is stored. */
  found: string;
  state: FactState;
  /** What follows for the service or its operator. */
  consequence: string;
}

/** A row of the table at the end. */
export interface LiveFinding extends FactFinding {
  /** Also the name under which it is stored. */
  fact: string;
  expected: string;
}

export interface LiveCheck {
  title: string;
  facts: readonly { name: string; expected: string }[];
  /** Test records that are removed afterwards, for the consent. */
  creates: readonly string[];
  /** What the APIs don't let anybody remove, for the consent. */
  remains: readonly string[];
  /** Returns false if the check can't run with these options; then nothing is said of it. */
  applies?(context: Pick<LiveCheckContext, 'destination'>): boolean;
  /**
   * Reports each fact as soon as it is known. Facts that were not reported when it returns or throws are unverified.
   * @throws UnverifiableError
   */
  run(context: LiveCheckContext, report: (fact: string, finding: FactFinding) => void): Promise<void>;
}

export interface LiveCheckLimits {
  /** Maximum time until a list contains a new record. */
  listingMs: number;
  /** Maximum duration of a catalogue job or a profile import. */
  jobMs: number;
}

export interface LiveCheckContext {
  klaviyo: Pick<KlaviyoClient, 'call' | 'pages'>;
  commercetools: CommercetoolsClient;
  klaviyoUrl: string;
  commercetoolsUrl: string;
  /** Begins the ids, keys and SKUs of every test record of this execution. */
  mark: string;
  /** Where the test notification is sent; absent: none is sent. */
  destination?: Destination | undefined;
  limits: LiveCheckLimits;
  cleanup: Pick<Cleanup, 'add' | 'create'>;
  /** Stops the checks, not the removal of their records. */
  signal: AbortSignal;
  now(): Date;
}

export const factFinding =
  (state: FactState) =>
  (found: string, consequence: string): FactFinding => ({
    found,
    state,
    consequence,
  });
export const asExpected = factFinding('ok');
export const unexpected = factFinding('warning');
export const cannotWork = factFinding('problem');
