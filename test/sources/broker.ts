/** What the contract test needs of a broker, whichever it is. */

import type { TrustedIssuers } from '../../src/sources/index.ts';
import type { Source } from '../../src/sources/source.ts';
import type { AppEvents } from '../../src/telemetry/app-events.ts';

export interface Broker {
  /** A source that reads from it, not started yet. */
  source(options: { concurrency: number; events: AppEvents }): Promise<Source>;
  /** What the whole service needs to read from it. */
  env: Record<string, string>;
  trusted?: TrustedIssuers;
  /** Tells a broker that pushes where the service is. */
  pushTo(service: string): Promise<void>;
  /** Hands over texts, together where the broker has batches. */
  send(...texts: string[]): Promise<void>;
  /** One text with a trace context beside it, where the broker has a place for one. */
  sendTraced?(text: string, traceparent: string): Promise<void>;
  /** How many deliveries are not acknowledged. */
  pending(): Promise<number>;
  /** Nobody reaches anybody, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** One kind of broker; each test starts a fresh one. */
export interface Kind {
  name: string;
  start(): Promise<Broker>;
  /** Why it can't be tested here; undefined where it can. */
  missing?: string | undefined;
}
