/** One record that is odd on purpose. */
import type { ApiRecord } from '../../commercetools/json.ts';

export interface OddCase {
  /** Also the record's key, orderNumber or sku, so that it can be found. */
  readonly name: string;
  readonly typeId: string;
  readonly record: ApiRecord;
  /** What is odd, in one sentence. */
  readonly odd: string;
}

/** A way to list cases of one type briefly. */
export function casesOf(typeId: string): (name: string, odd: string, record: ApiRecord) => OddCase {
  return (name, odd, record) => ({ name, typeId, odd, record });
}
