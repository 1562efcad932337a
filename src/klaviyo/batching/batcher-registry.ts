/** All kinds of writes, each with its batcher. */

import type { ApiResult, KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { type Batcher, createBatcher, type WriteOptions } from './batcher.ts';
import type { JobPoller } from './job-poller.ts';
import { type BatchItem, type OperationName, operations } from './operations.ts';

export interface BatcherRegistry {
  write(name: OperationName, item: BatchItem, way: WriteOptions): Promise<ApiResult>;
  /** Milliseconds that the fullest of these queues takes for realtime at the published pace. */
  estimateWaitMs(names: readonly OperationName[]): number;
}

/** @param share part of the published limits that is ours */
export function createBatcherRegistry(client: KlaviyoClient, jobs: JobPoller, rateLimitShare: number): BatcherRegistry {
  const batchers = new Map<OperationName, Batcher>();

  function batcherOf(name: OperationName): Batcher {
    const known = batchers.get(name);
    if (known) return known;
    const write = operations[name];
    const fresh = createBatcher(write, { client, jobs, perMinute: endpoints[write.bulk].perMinute * rateLimitShare });
    batchers.set(name, fresh);
    return fresh;
  }

  return {
    write: (name, item, way) => batcherOf(name).write(item, way),
    estimateWaitMs: (names) => Math.max(0, ...names.map((name) => batchers.get(name)?.estimateWaitMs() ?? 0)),
  };
}

/** A JSON:API record as a parcel. @param id fills the path of the single endpoint */
export function batchItem(record: object, id?: string): BatchItem {
  const text = JSON.stringify(record);
  return {
    text,
    bytes: Buffer.byteLength(text),
    ...(id === undefined ? {} : { id }),
    singleBody: () => `{"data":${text}}`,
  };
}
