/** What executing a bulk run depends on. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { ServerClock } from '../../commercetools/server-clock.ts';
import type { CatalogListing } from '../../klaviyo/existing-records.ts';
import type { Sink } from '../../klaviyo/sink.ts';
import type { SelectRules } from '../../rules/select-rules.ts';
import type { Deliver } from '../delivery/deliver.ts';
import type { Evaluate } from '../delivery/evaluate.ts';

export interface BulkDeps {
  client: CommercetoolsClient;
  selectRules: Pick<SelectRules, 'forRun'>;
  evaluate: Evaluate;
  deliver: Deliver;
  sink: Pick<Sink, 'waitForCapacity' | 'send'>;
  listing: CatalogListing;
  pageSize: Record<BulkResource, number>;
  ranges: number;
  /** Why no page may be read now; undefined: it may. */
  shedReason?(): string | undefined;
  /** Increases with each call; shared by all lanes. */
  nextReadSeq(): number;
  /** Times of records are compared with commercetools' clock. */
  clock: ServerClock;
}
