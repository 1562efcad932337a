/** Log of received requests: total counts, the latest requests, and optionally every body in a file. */
import { appendFileSync } from 'node:fs';

const maxLatest = 500;

type LoggedRequest = {
  at: string;
  method: string;
  path: string;
  operation: string;
  status: number;
  ms: number;
  bytes: number;
  /** Codes and pointers of the errors in the response, without values. */
  errors: string[];
};

export type RequestLog = {
  add(request: LoggedRequest): void;
  latest(): LoggedRequest[];
  /** Returns request counts by operation and status. */
  counts(): Record<string, Record<string, number>>;
  total(status?: number): number;
  reset(): void;
};

export function createRequestLog(): RequestLog {
  let latest: LoggedRequest[] = [];
  let counts: Record<string, Record<string, number>> = {};
  return {
    add(request) {
      latest.push(request);
      if (latest.length > maxLatest * 2) latest = latest.slice(-maxLatest);
      const byStatus = counts[request.operation] ?? {};
      byStatus[request.status] = (byStatus[request.status] ?? 0) + 1;
      counts[request.operation] = byStatus;
    },
    latest: () => latest.slice(-maxLatest).reverse(),
    counts: () => counts,
    total(status) {
      const all = Object.values(counts).flatMap((byStatus) => Object.entries(byStatus));
      return all.reduce(
        (sum, [code, count]) => (status === undefined || code === String(status) ? sum + count : sum),
        0,
      );
    },
    reset() {
      latest = [];
      counts = {};
    },
  };
}

/**
 * Appends the body of a request to `file` as a JSON line, for the contract check. Each line is a single write, so
 * several processes can share a file.
 */
export function recordBody(
  file: string,
  line: { method: string; path: string; operation: string; body: unknown },
): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
