/** What can be chosen when the sandbox starts. */

export interface CommercetoolsSandboxOptions {
  /** 0 (default): any free port. */
  readonly port?: number;
  readonly host?: string;
  readonly projectKey?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Without the project key, for example `['view_orders']`. A request beyond them gets 403 insufficient_scope. */
  readonly scopes?: readonly string[];
  /** Added to every answer of the API; the control endpoints are not slowed down. */
  readonly latencyMs?: number;
  /** A notification larger than this is sent without its payload. */
  readonly maxPayloadBytes?: number;
  /**
   * What version 0 means for a custom object that exists: a conflict, as the docs suggest, or (as in other fakes, and not
   * ruled out by the reference) nothing at all. A client has to live with both.
   */
  readonly versionZero?: 'conflict' | 'overwrites';
  /** How pushes are repeated. */
  readonly redelivery?: Partial<Redelivery>;
}

export interface Redelivery {
  /** An answer later than this counts as none. */
  readonly ackDeadlineMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Pushes in flight at once. */
  readonly concurrency: number;
}

/** The defaults of the sandbox. */
export const DEFAULTS = {
  port: 0,
  host: '127.0.0.1',
  projectKey: 'shop',
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-secret',
  scopes: ['manage_project'],
  latencyMs: 0,
  maxPayloadBytes: 256 * 1024,
  versionZero: 'conflict',
  // The acknowledgement limit is that of commercetools Connect and the default of Pub/Sub; Pub/Sub's real retries
  // start at 10 s, which nobody wants to wait for here.
  redelivery: { ackDeadlineMs: 10_000, firstRetryMs: 300, maxRetryMs: 5_000, concurrency: 20 },
} as const satisfies CommercetoolsSandboxOptions;
