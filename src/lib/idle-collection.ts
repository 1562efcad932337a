/**
 * Returns memory to the system once the process is idle. V8 keeps what it has allocated until it needs more: after the start
 * and after a burst it would hold garbage for as long as nothing happens, on an instance that is paid by its memory.
 */
import { getHeapStatistics } from 'node:v8';
import { createCollector } from './garbage-collector.ts';

export interface IdleCollectionDeps {
  /** Milliseconds of CPU that the process has used. */
  cpuMs(): number;
  /** Bytes that the heap has allocated, used or not. */
  heapBytes(): number;
  collect(): void;
  /** Milliseconds between two checks; 0: none by itself. */
  everyMs?: number;
}

export interface IdleCollection {
  /** Checks now. Called by a timer; a test calls it by itself. */
  check(): void;
  stop(): void;
}

const defaultEveryMs = 15_000;
/** Health checks and scrapes of the metrics stay below this between two checks; one order every few seconds does not. */
const idleCpuMs = 300;
/** What a collection gains has to be worth its CPU. */
const minGrowthBytes = 8 * 2 ** 20;

export function createIdleCollection({ cpuMs, heapBytes, collect, ...options }: IdleCollectionDeps): IdleCollection {
  const { everyMs = defaultEveryMs } = options;
  let cpuBefore = cpuMs();
  let collectedBytes = 0;

  function check(): void {
    const used = cpuMs() - cpuBefore;
    if (used < idleCpuMs && heapBytes() >= collectedBytes + minGrowthBytes) {
      collect();
      collectedBytes = heapBytes();
    }
    cpuBefore = cpuMs();
  }

  const timer = everyMs > 0 ? setInterval(check, everyMs).unref() : undefined;
  return { check, stop: () => clearInterval(timer) };
}

/** Of this process. */
export function ownProcess(): IdleCollectionDeps {
  const collect = createCollector();
  return {
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
    collect: () => collect('all'),
  };
}
