/** Creates one batcher per operation on first use. */

import type { ApiResult, KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { type Batcher, createBatcher, type WriteOptions } from './batcher.ts';
import type { BatchItem } from './bulk-body.ts';
import type { JobPoller } from './job-poller.ts';
import { type OperationName, operations } from './operations.ts';

export interface BatcherRegistry {
  write(name: OperationName, item: BatchItem, options: WriteOptions): Promise<ApiResult>;
  /** @returns milliseconds until realtime's longest queue among these is sent, at the published pace */
  estimateWaitMs(names: readonly OperationName[]): number;
}

/** @param rateLimitShare share of the published limits that this service uses */
export function createBatcherRegistry(client: KlaviyoClient, jobs: JobPoller, rateLimitShare: number): BatcherRegistry {
  const batchers = new Map<OperationName, Batcher>();

  function batcherFor(name: OperationName): Batcher {
    const existing = batchers.get(name);
    if (existing) return existing;
    const operation = operations[name];
    const perMinute = endpoints[operation.bulk].perMinute * rateLimitShare;
    const created = createBatcher(operation, { client, jobs, perMinute });
    batchers.set(name, created);
    return created;
  }

  return {
    write: (name, item, options) => batcherFor(name).write(item, options),
    estimateWaitMs: (names) => Math.max(0, ...names.map((name) => batchers.get(name)?.estimateWaitMs() ?? 0)),
  };
}
