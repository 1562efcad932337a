/** What the running mock API offers to code in the same process. */
import type { Faults } from '../faults.ts';
import type { ApiRecord } from './json.ts';
import type { PubSub } from './pubsub.ts';
import type { Records } from './records.ts';

export interface CommercetoolsSandbox {
  readonly url: string;
  readonly authUrl: string;
  readonly projectKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Stored records. */
  readonly records: Records;
  readonly pubsub: PubSub;
  /** Fault rules, for callers in the same process. */
  readonly faults: Faults;
  /** Number of notifications and background changes that are not done. */
  pending(): number;
  /** Inserts records without sending notifications. */
  place(typeId: string, records: Iterable<ApiRecord>): Promise<void>;
  /** Creates an order as a recurring order does. */
  createFromRecurringOrder(order: ApiRecord): Promise<void>;
  /** Deletes records, subscriptions and pending deliveries. Topic bindings remain. */
  reset(): Promise<void>;
  revokeTokens(): void;
  stop(): Promise<void>;
}
