/** Positions in partitions: what may be committed is only what has nothing unfinished before it. */

export interface Position {
  topic: string;
  partition: number;
  /** The next one to read: everything before it is finished. */
  offset: bigint;
}

export interface Offsets {
  /** Notes that work on it began; in the partition's order. */
  began(at: Position): void;
  finished(at: Position): void;
  /** Positions that moved since they were taken last. */
  takeMoved(): Position[];
}

interface Lane {
  topic: string;
  partition: number;
  unfinished: Set<bigint>;
  /** One behind the last that began. */
  end: bigint;
  /** What is committed, as far as we know: where reading began, then what was taken last. */
  taken: bigint;
}

export function createOffsets(): Offsets {
  const lanes = new Map<string, Lane>();
  const nameOf = ({ topic, partition }: Position) => `${partition} ${topic}`;
  return {
    began(at) {
      const { topic, partition, offset } = at;
      const lane = lanes.get(nameOf(at)) ?? { topic, partition, unfinished: new Set(), end: offset, taken: offset };
      lanes.set(nameOf(at), lane);
      lane.unfinished.add(offset);
      lane.end = offset + 1n;
    },
    finished(at) {
      lanes.get(nameOf(at))?.unfinished.delete(at.offset);
    },
    takeMoved() {
      return [...lanes.values()].flatMap((lane) => {
        // A set keeps the order in which offsets were added, so the first is the lowest.
        const [lowest = lane.end] = lane.unfinished;
        if (lane.taken === lowest) return [];
        lane.taken = lowest;
        return [{ topic: lane.topic, partition: lane.partition, offset: lowest }];
      });
    },
  };
}
