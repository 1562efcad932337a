/** Splits lists into chunks that fit into a request or an object. */

interface ChunkLimits<Item> {
  maxItems: number;
  /** Of all items of a chunk together. A longer item is a chunk of its own. */
  maxLength?: number;
  lengthOf?(item: Item): number;
}

/** @returns the items in order, in chunks; none for an empty list */
export function chunksOf<Item>(
  items: readonly Item[],
  { maxItems, maxLength = Number.POSITIVE_INFINITY, lengthOf = () => 0 }: ChunkLimits<Item>,
): Item[][] {
  const chunks: Item[][] = [];
  let length = 0;
  for (const item of items) {
    const last = chunks.at(-1);
    length += lengthOf(item);
    if (last && last.length < maxItems && length <= maxLength) last.push(item);
    else {
      chunks.push([item]);
      length = lengthOf(item);
    }
  }
  return chunks;
}
