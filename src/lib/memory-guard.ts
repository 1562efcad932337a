/**
 * Says when load has to be shed because the heap is nearly full. Node ends the process when the old generation reaches its
 * limit, whatever is in flight; until then it may hold any amount of garbage. So what counts is what a collection leaves.
 */
import { getHeapStatistics } from 'node:v8';
import { createCollector } from './garbage-collector.ts';

export interface HeapUse {
  /** Bytes that the heap holds, with garbage that was not collected yet. */
  usedBytes: number;
  /** Bytes that the old generation may have. */
  limitBytes: number;
}

export interface MemoryGuard {
  /** @returns the reason while load has to be shed, else undefined */
  shedReason(): string | undefined;
  /** The last measurement. */
  heap(): HeapUse;
  /** Calls back at each change. */
  onChange(listener: (isShedding: boolean) => void): void;
  /** Measures now. Called by a timer; a test calls it by itself. */
  check(): void;
  stop(): void;
}

export interface MemoryGuardDeps {
  measure(): HeapUse;
  /** Collects garbage. */
  collect(): void;
  now?: () => number;
  /** Milliseconds between two measurements; 0: none by itself. */
  everyMs?: number;
}

/** Shares of the limit: load is shed from the first one on, until what is used is below the second one. */
const shedFrom = 0.8;
const resumeBelow = 0.65;
/** From here on load is shed without a collection. */
const criticalFrom = 0.92;
/** A collection of a full heap takes some hundred milliseconds. */
const minMsBetweenCollections = 2_000;
const defaultEveryMs = 100;

export const shortOfMemory = 'memory is short; load is shed until enough is free';

export function createMemoryGuard({ measure, collect, ...options }: MemoryGuardDeps): MemoryGuard {
  const { now = () => performance.now(), everyMs = defaultEveryMs } = options;
  const listeners = new Set<(isShedding: boolean) => void>();
  let isShedding = false;
  let heap = measure();
  let collectedAt = Number.NEGATIVE_INFINITY;

  /** @returns whether the measurement shows what a collection leaves */
  function collectIfDue(): boolean {
    if (now() - collectedAt < minMsBetweenCollections) return false;
    collect();
    collectedAt = now();
    heap = measure();
    return true;
  }

  function decide(): boolean {
    heap = measure();
    const share = () => heap.usedBytes / heap.limitBytes;
    const threshold = isShedding ? resumeBelow : shedFrom;
    if (share() < threshold) return false;
    if (share() >= criticalFrom && !isShedding) return true;
    return collectIfDue() ? share() >= threshold : isShedding;
  }

  function check(): void {
    const wasShedding = isShedding;
    isShedding = decide();
    if (isShedding !== wasShedding) for (const listener of listeners) listener(isShedding);
  }

  const timer = everyMs > 0 ? setInterval(check, everyMs).unref() : undefined;
  return {
    shedReason: () => (isShedding ? shortOfMemory : undefined),
    heap: () => heap,
    onChange: (listener) => void listeners.add(listener),
    check,
    stop: () => clearInterval(timer),
  };
}

/** @param nodeFlags the options that this process was started with, those of NODE_OPTIONS included */
export function heapOf(nodeFlags: readonly string[]): MemoryGuardDeps {
  const limitBytes = getHeapStatistics().heap_size_limit - youngGenerationBytes(nodeFlags);
  const collect = createCollector();
  return {
    measure: () => ({ usedBytes: getHeapStatistics().used_heap_size, limitBytes }),
    collect: () => collect('garbage'),
  };
}

const mebibyte = 2 ** 20;
/** V8 counts two semi-spaces, and large objects as a third one. */
const semiSpaces = 3;
/** V8's largest semi-space on 64-bit machines, which it uses as soon as the size of the old generation is set. */
const defaultSemiSpaceMb = 64;
/** Otherwise V8 derives the young generation from the old one: about this share of both. */
const derivedYoungShare = 0.05;

/** @returns the bytes of `heap_size_limit` that belong to the young generation, which V8 does not tell */
export function youngGenerationBytes(
  nodeFlags: readonly string[],
  heapSizeLimit = getHeapStatistics().heap_size_limit,
): number {
  const flagValue = (name: string) =>
    nodeFlags
      .map((flag) => flag.replaceAll('_', '-'))
      .flatMap((flag, index, all) =>
        flag === name ? [all[index + 1]] : flag.startsWith(`${name}=`) ? [flag.slice(name.length + 1)] : [],
      )
      .at(-1);
  const semiSpaceMb = Number(flagValue('--max-semi-space-size') ?? Number.NaN);
  if (semiSpaceMb > 0) return semiSpaces * semiSpaceMb * mebibyte;
  const isOldGenerationSet = ['--max-old-space-size', '--max-old-space-size-percentage'].some(
    (name) => flagValue(name) !== undefined,
  );
  return isOldGenerationSet ? semiSpaces * defaultSemiSpaceMb * mebibyte : heapSizeLimit * derivedYoungShare;
}
