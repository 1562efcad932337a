/**
 * What would be sent for a change: the real way to Klaviyo, with a client that reads and never writes. The requests are
 * those of the realtime lane, down to the byte; what Klaviyo holds already is left out as ever.
 */

import type { ApiCall, ApiResult, KlaviyoClient } from '../api/client.ts';
import { type EndpointName, endpoints } from '../api/endpoints.ts';
import { parseJson } from '../api/errors.ts';
import { operations } from '../batching/operations.ts';
import { type Change, coalescingKey, type JsonValue, type Receipt } from '../change.ts';
import { createSink } from '../sink.ts';

export interface DryRunRequest {
  method: string;
  path: string;
  body?: unknown;
}

export interface DryRunResult {
  /** In the order in which they would go out; none where Klaviyo holds all of it already. */
  requests: DryRunRequest[];
  /** `delivered`: nothing is known against it. */
  outcome: Receipt['outcome'];
  /** Why it can't be told, or why nothing would be sent. */
  reason?: string;
}

/** One after the other, as if each were alone. @returns what each would lead to, in order */
export type DryRun = (changes: readonly Change[]) => Promise<DryRunResult[]>;

const timeoutMs = 15_000;

/** @param client reads what Klaviyo holds */
export function createDryRun(client: KlaviyoClient, rateLimitShare: number): DryRun {
  return async (changes) => {
    const rehearsed: DryRunResult[] = [];
    const requests: DryRunRequest[] = [];
    const sink = createSink({
      client: readingOnly(client, requests),
      rateLimitShare,
      accepted: () => Promise.resolve(),
    });
    for (const change of changes) {
      const signal = AbortSignal.timeout(timeoutMs);
      const [receipt] = await sink.send([{ ...change, readSeq: 1 }], { lane: 'realtime', signal });
      // What a job is told after it was accepted belongs to the change still.
      await sink.onIdle();
      if (!receipt) throw new Error(`no receipt for ${coalescingKey(change)}`);
      const reason = reasonOf(receipt);
      const outcome = { outcome: receipt.outcome, ...(reason === undefined ? {} : { reason }) };
      rehearsed.push({ requests: requests.splice(0), ...outcome });
    }
    sink.close();
    return rehearsed;
  };
}

function reasonOf(receipt: Receipt): string | undefined {
  if (receipt.outcome === 'rejected') return `${receipt.code}: ${receipt.detail}`;
  if (receipt.outcome === 'failed') return receipt.error.message;
  return receipt.outcome === 'delivered' ? undefined : receipt.reason;
}

/** Lists of the jobs that were not started either: all of them have ended well. */
const jobLists: ReadonlySet<string> = new Set(
  Object.values(operations).flatMap((write) => ('job' in write ? [write.job.list] : [])),
);

function readingOnly(client: KlaviyoClient, requests: DryRunRequest[]): KlaviyoClient {
  const jobs: string[] = [];

  function answerTo(call: ApiCall): ApiResult {
    const id = `rehearsal-${jobs.length}`;
    jobs.push(id);
    const { method, path } = endpoints[call.endpoint];
    const body = typeof call.body === 'string' ? parseJson(call.body) : call.body;
    const own = { method, path: path.replace('{id}', encodeURIComponent(call.id ?? '')) };
    requests.push(body === undefined ? own : { ...own, body });
    return { ok: true, status: 202, body: { data: { id } } };
  }
  const listed = (): JsonValue => ({ data: jobs.map((id) => ({ id, attributes: { status: 'complete' } })) });

  return {
    ...client,
    tryAcquire: () => 0,
    async call(call) {
      if (jobLists.has(call.endpoint)) return { ok: true, status: 200, body: listed() };
      return isRead(call.endpoint) ? client.call(call) : answerTo(call);
    },
    close: async () => undefined,
  };
}

function isRead(endpoint: EndpointName): boolean {
  return endpoints[endpoint].method === 'GET';
}
