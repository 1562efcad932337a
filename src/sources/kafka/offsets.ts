/** Tracks in-flight messages of each partition: an offset can be committed once every message before it is finished. */

export interface PartitionOffset {
  topic: string;
  partition: number;
  offset: bigint;
}

export interface Offsets {
  start(message: PartitionOffset): void;
  finish(message: PartitionOffset): void;
  /** @returns the offsets to commit that have advanced since the last call: the next message to read of each partition */
  takeCommittable(): PartitionOffset[];
}

interface PartitionState {
  topic: string;
  partition: number;
  unfinished: Set<bigint>;
  /** Offset after the last started message. */
  end: bigint;
  /** The last offset that was taken to be committed; at first the offset where reading started. */
  committed: bigint;
}

export function createOffsets(): Offsets {
  const partitions = new Map<string, PartitionState>();
  const keyOf = ({ topic, partition }: PartitionOffset) => `${partition} ${topic}`;
  return {
    start(message) {
      const { topic, partition, offset } = message;
      const key = keyOf(message);
      const state = partitions.get(key) ?? { topic, partition, unfinished: new Set(), end: offset, committed: offset };
      partitions.set(key, state);
      state.unfinished.add(offset);
      state.end = offset + 1n;
    },
    finish(message) {
      partitions.get(keyOf(message))?.unfinished.delete(message.offset);
    },
    takeCommittable() {
      return [...partitions.values()].flatMap((state) => {
        // A set keeps insertion order, so the first offset is the lowest.
        const [lowest = state.end] = state.unfinished;
        if (state.committed === lowest) return [];
        state.committed = lowest;
        return [{ topic: state.topic, partition: state.partition, offset: lowest }];
      });
    },
  };
}
