/** Options of the mock commercetools API. */
import { type CommercetoolsBehaviours, DEFAULT_BEHAVIOURS } from './behaviours.ts';

export interface CommercetoolsSandboxOptions extends Partial<CommercetoolsBehaviours> {
  /** Port to listen on; 0 (default) picks a free port. */
  readonly port?: number;
  readonly host?: string;
  readonly projectKey?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /**
   * Granted scopes without the project key, for example `['view_orders']`. Other requests get 403 insufficient_scope.
   */
  readonly scopes?: readonly string[];
  /** Delay in milliseconds added to every API response. Control endpoints have none. */
  readonly latencyMs?: number;
  /** Maximum notification size. Larger notifications are sent without their payload. */
  readonly maxPayloadBytes?: number;
  /** File to append every request to as a JSON line; defaults to `COMMERCETOOLS_RECORD`, false disables it. */
  readonly record?: string | false;
  /** Retry policy of pushes. */
  readonly redelivery?: Partial<Redelivery>;
}

export interface Redelivery {
  /** Deadline of a push in milliseconds. A later response counts as none. */
  readonly ackDeadlineMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Maximum in-flight pushes. */
  readonly concurrency: number;
}

export const DEFAULTS = {
  port: 0,
  host: '127.0.0.1',
  projectKey: 'shop',
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-secret',
  scopes: ['manage_project'],
  latencyMs: 0,
  maxPayloadBytes: 256 * 1024,
  ...DEFAULT_BEHAVIOURS,
  // 10 s is the acknowledgement deadline of commercetools Connect and the default of Pub/Sub. Real Pub/Sub retries
  // start at 10 s, which would make tests too slow.
  redelivery: { ackDeadlineMs: 10_000, firstRetryMs: 300, maxRetryMs: 5_000, concurrency: 20 },
} as const satisfies CommercetoolsSandboxOptions;
