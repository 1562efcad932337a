/** A record that covers an edge case. */
import type { ApiRecord } from '../../commercetools/json.ts';

export interface EdgeCase {
  /** Also the record's key, orderNumber or sku, so that tests can find it. */
  readonly name: string;
  readonly typeId: string;
  readonly record: ApiRecord;
  /** Description of the edge case in one sentence. */
  readonly description: string;
}

/** Returns a function that builds edge cases of one resource type. */
export function edgeCaseBuilder(typeId: string): (name: string, description: string, record: ApiRecord) => EdgeCase {
  return (name, description, record) => ({ name, typeId, description, record });
}
