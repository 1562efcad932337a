/** One record that is odd on purpose. */
import type { ApiRecord } from '../../commercetools/json.ts';

export interface EdgeCase {
  /** Also the record's key, orderNumber or sku, so that it can be found. */
  readonly name: string;
  readonly typeId: string;
  readonly record: ApiRecord;
  /** What is odd, in one sentence. */
  readonly description: string;
}

/** A way to list cases of one type briefly. */
export function edgeCaseBuilder(typeId: string): (name: string, description: string, record: ApiRecord) => EdgeCase {
  return (name, description, record) => ({ name, typeId, description, record });
}
