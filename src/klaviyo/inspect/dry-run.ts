/**
 * Determines the requests of a change without sending them: runs the sink with a client that reads from Klaviyo and records
 * writes. The requests are those of the realtime lane, byte for byte; requests that would not change anything are left out
 * as usual.
 */

import { parseJson } from '../../lib/json.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import { endpoints } from '../api/endpoints.ts';
import { operations } from '../batching/operations.ts';
import type { Change, JsonValue, Receipt } from '../change.ts';
import { coalescingKey } from '../change-kinds.ts';
import { createSink } from '../sink.ts';

export interface DryRunResult {
  /** In sending order; empty when Klaviyo's state is the same already. */
  requests: { method: string; path: string; body?: unknown }[];
  /** `delivered` assumes that Klaviyo accepts all requests. */
  outcome: Receipt['outcome'];
  /** Why nothing would be sent, or why the outcome is unknown. */
  reason?: string;
}

/** Runs the changes one after the other. @returns a result for each, in order */
export type DryRun = (changes: readonly Change[]) => Promise<DryRunResult[]>;

const timeoutMs = 15_000;

/** @param client reads Klaviyo's state */
export function createDryRun(client: KlaviyoClient, rateLimitShare: number): DryRun {
  return async (changes) => {
    const results: DryRunResult[] = [];
    const requests: DryRunResult['requests'] = [];
    const sink = createSink({
      client: recordingClient(client, requests),
      rateLimitShare,
      storeJob: () => Promise.resolve(),
      repeatedEvents: { read: () => Promise.resolve('ignored'), write: () => Promise.resolve() },
      maxListingMs: 0,
      isSold: () => Promise.resolve('unknown'),
      hasOtherCustomer: () => Promise.resolve('unknown'),
      profileOfOrder: () => Promise.resolve(undefined),
      rememberOrderProfile: () => Promise.resolve(),
      onWarning: () => undefined,
    });
    for (const change of changes) {
      const signal = AbortSignal.timeout(timeoutMs);
      const [receipt] = await sink.send([{ ...change, readSeq: 1 }], { lane: 'realtime', signal });
      // Requests that follow an early acknowledgement belong to the change as well.
      await sink.onIdle();
      if (!receipt) throw new Error(`no receipt for ${coalescingKey(change, 'realtime')}`);
      const { outcome } = receipt;
      results.push(omitUndefined({ requests: requests.splice(0), outcome, reason: reasonOf(receipt) }));
    }
    sink.close();
    return results;
  };
}

function reasonOf(receipt: Receipt): string | undefined {
  if (receipt.outcome === 'rejected') return `${receipt.code}: ${receipt.detail}`;
  if (receipt.outcome === 'failed') return receipt.error.message;
  return receipt.outcome === 'delivered' ? undefined : receipt.reason;
}

const jobLists: ReadonlySet<string> = new Set(
  Object.values(operations).flatMap((operation) => ('job' in operation ? [operation.job.list] : [])),
);

/** @returns a client that records writes, and answers that every job of those has completed without errors */
function recordingClient(client: KlaviyoClient, requests: DryRunResult['requests']): KlaviyoClient {
  const jobIds: string[] = [];

  function record(call: ApiCall): ApiResult {
    const id = `dry-run-${jobIds.length}`;
    jobIds.push(id);
    const { method, path } = endpoints[call.endpoint];
    const body = typeof call.body === 'string' ? parseJson(call.body) : call.body;
    requests.push(omitUndefined({ method, path: path.replace('{id}', encodeURIComponent(call.id ?? '')), body }));
    return { ok: true, status: 202, body: { data: { id } } };
  }
  const listJobs = (): JsonValue => ({ data: jobIds.map((id) => ({ id, attributes: { status: 'complete' } })) });

  return {
    ...client,
    tryAcquire: () => 0,
    quotaOf: () => 'free',
    async call(call) {
      if (jobLists.has(call.endpoint)) return { ok: true, status: 200, body: listJobs() };
      return endpoints[call.endpoint].method === 'GET' ? client.call(call) : record(call);
    },
    close: async () => undefined,
  };
}
