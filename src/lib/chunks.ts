/** Splits keys into chunks that fit into a request. */

interface ChunkLimits {
  maxKeys: number;
  /** Of all keys of a chunk together. A longer key is a chunk of its own. */
  maxLength: number;
  lengthOf(key: string): number;
}

export function chunksOf(keys: readonly string[], { maxKeys, maxLength, lengthOf }: ChunkLimits): string[][] {
  const chunks: string[][] = [];
  let length = 0;
  for (const key of keys) {
    const last = chunks.at(-1);
    length += lengthOf(key);
    if (last && last.length < maxKeys && length <= maxLength) last.push(key);
    else {
      chunks.push([key]);
      length = lengthOf(key);
    }
  }
  return chunks;
}
