/** Faults that people start by name, on the page or with `ctk sandbox fault`; tests write rules of their own. */
import type { FaultRule } from '../faults.ts';

export interface NamedFault {
  title: string;
  rules: readonly FaultRule[];
  /** Milliseconds that a bulk job takes meanwhile. */
  jobMs?: number;
}

const rateLimited = {
  errors: [
    { code: 'throttled', title: 'Request was throttled.', detail: 'Expected available in 1 second.', source: {} },
  ],
};
const rejected = {
  errors: [{ code: 'invalid', title: 'Invalid input.', detail: 'Rejected on demand.', source: { pointer: '/data/' } }],
};

export const namedFaults: Record<string, NamedFault> = {
  'klaviyo-down': {
    title: 'Klaviyo is down',
    rules: [{ kind: 'status', status: 503, path: '/api/', body: '<html><body><h1>503</h1></body></html>' }],
  },
  'rate-limited': {
    title: 'Every other request is rate limited',
    rules: [
      { kind: 'status', status: 429, path: '/api/', rate: 0.5, headers: { 'retry-after': '1' }, body: rateLimited },
    ],
  },
  'rejected-records': {
    title: 'Every tenth record is rejected',
    rules: [
      {
        kind: 'status',
        status: 400,
        method: 'POST',
        path: '^/api/(events|profile-import|catalog-items)$',
        rate: 0.1,
        body: rejected,
      },
      { kind: 'fail-record', rate: 0.1 },
    ],
  },
  'slow-jobs': { title: 'A bulk job takes a minute', rules: [], jobMs: 60_000 },
};
