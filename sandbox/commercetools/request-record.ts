/**
 * Records requests for the contract check. All requests to the API count, from the service, from simulated shoppers and
 * from tests. A test that sends bad requests on purpose starts its sandbox with `record: false`. Requests that a fault
 * rule answers, tokens, control endpoints and probes of the bare host are not recorded.
 */
import { appendFileSync } from 'node:fs';

export interface RecordedRequest {
  readonly method: string;
  /** Below the host, percent-encoded, without query. */
  readonly path: string;
  /** Query string with its question mark, or empty. */
  readonly query: string;
  readonly body?: unknown;
}

/** Returns the file to record to, if any. @param option `record` of the sandbox; absent: `COMMERCETOOLS_RECORD` */
export function recordFile(option: string | false | undefined): string | undefined {
  const file = option ?? process.env.COMMERCETOOLS_RECORD;
  return file === false || file === '' ? undefined : file;
}

/** Appends a request as a JSON line. Each line is a single write, so that several processes can share a file. */
export function recordRequest(file: string, request: RecordedRequest): void {
  appendFileSync(file, `${JSON.stringify(request)}\n`);
}
