/** Receives pushes on POST /: authenticates the sender, removes the broker's envelope and responds with the verdict. */

import type { AppEvents } from '../telemetry/app-events.ts';
import { createAdaptiveLimit } from './adaptive-limit.ts';
import { unwrap } from './envelope.ts';
import type { AuthResult, PushAuthenticator, PushRequest } from './push/authenticator.ts';
import { combineVerdicts, type Handle, type Source, type Verdict } from './source.ts';

export type PushResponse =
  | { status: 204 }
  | { status: 202; body: { deadLettered: string[] } }
  | { status: 200; body: Record<string, unknown> }
  | { status: 400 | 401; body: { error: string } }
  | { status: 503; body: { error: string }; retryAfterSeconds: number };

/** A push whose headers were accepted, with the authenticator that allowed it (none if none is needed). */
export interface AdmittedPush {
  authenticator?: PushAuthenticator;
  /** The headers prove the sender. Otherwise the body has to. */
  isProven: boolean;
}

export type PushAdmission =
  | { outcome: 'accepted'; push: AdmittedPush }
  | { outcome: 'rejected'; response: PushResponse };

export interface HttpPush extends Source {
  /** Decides by the headers alone, before the body is read. */
  admit(request: PushRequest & { onThisMachine: boolean }): Promise<PushAdmission>;
  /** Counts a body that has begun to arrive. @returns a function to call when it is complete or given up */
  beginBody(): () => void;
  /** @param push from `admit` */
  receive(body: unknown, push: AdmittedPush): Promise<PushResponse>;
}

export interface HttpPushDeps {
  /** The configured authenticators. */
  authenticators: readonly PushAuthenticator[];
  allowUnauthenticated: boolean;
  /** Without authenticators, pushes from this machine are accepted. */
  trustsThisMachine: boolean;
  events: AppEvents;
  maxPushes: number;
  /** Milliseconds within which the broker expects the response. */
  deadlineMs: number;
  /** Why no push may be taken now; undefined: it may. */
  shedReason?(): string | undefined;
}

const retrySeconds = 10;
const overloadRetrySeconds = 1;
const restartSeconds = 5;
const shedRetrySeconds = 5;

type PushAuthResult = { authenticator: PushAuthenticator; result: AuthResult | undefined };

export function createHttpPush(deps: HttpPushDeps): HttpPush {
  const { authenticators, allowUnauthenticated, trustsThisMachine, events, ...limits } = deps;
  const inFlight = new Set<Promise<unknown>>();
  const adaptiveLimit = createAdaptiveLimit({ max: limits.maxPushes, deadlineMs: limits.deadlineMs });
  let handle: Handle | undefined;

  function accept(push: AdmittedPush): PushAdmission {
    const shedReason = deps.shedReason?.();
    if (shedReason !== undefined) return rejected(unavailable(shedReason, shedRetrySeconds));
    return adaptiveLimit.isReached() ? rejected(overloaded()) : { outcome: 'accepted', push };
  }

  async function verifyAndHandle(
    handleMessage: Handle,
    body: unknown,
    { authenticator }: AdmittedPush,
  ): Promise<PushResponse> {
    const verified = (await authenticator?.verifyBody?.(body)) ?? { outcome: 'delivery' as const, covered: body };
    switch (verified.outcome) {
      case 'denied':
      case 'unknown':
        return deny(verified);
      case 'response':
        return verified.status === 200 ? { status: 200, body: verified.body ?? {} } : { status: 204 };
    }
    const release = adaptiveLimit.acquire();
    if (!release) return overloaded();
    try {
      return await handleCovered(handleMessage, verified.covered);
    } finally {
      release();
    }
  }

  async function handleCovered(handleMessage: Handle, covered: unknown): Promise<PushResponse> {
    const unwrapped = unwrap(covered, { source: 'http' });
    if (!unwrapped.ok) {
      events.emit({ type: 'invalid-envelope', reason: unwrapped.reason });
      return { status: 400, body: { error: unwrapped.reason } };
    }
    return responseFor(combineVerdicts(await Promise.all(unwrapped.messages.map(handleMessage))));
  }

  function deny({ outcome, reason }: { outcome: 'denied' | 'unknown'; reason: string }): PushResponse {
    events.emit({ type: 'push-unauthorized', reason });
    return outcome === 'unknown' ? unavailable(reason, retrySeconds) : { status: 401, body: { error: reason } };
  }

  return {
    name: 'push',
    start(handleMessage) {
      handle = handleMessage;
      adaptiveLimit.start();
    },
    async stop() {
      handle = undefined;
      // A push that failed was answered with its error, which is no reason for the stop to fail.
      await Promise.allSettled(inFlight);
      adaptiveLimit.stop();
    },
    lastError: () => undefined,
    async admit(request) {
      if (allowUnauthenticated) return accept({ isProven: true });
      if (authenticators.length === 0)
        return request.onThisMachine && trustsThisMachine
          ? accept({ isProven: true })
          : rejected(deny({ outcome: 'denied', reason: noAuthenticatorConfigured }));
      const results = await Promise.all(
        authenticators.map(
          async (authenticator): Promise<PushAuthResult> => ({
            authenticator,
            result: await authenticator.authenticate(request),
          }),
        ),
      );
      const allowed = results.find(({ result }) => result?.outcome === 'allowed' || result?.outcome === 'after-body');
      if (allowed)
        return accept({ authenticator: allowed.authenticator, isProven: allowed.result?.outcome === 'allowed' });
      for (const { result } of results) if (result?.outcome === 'unknown') return rejected(deny(result));
      return rejected(deny({ outcome: 'denied', reason: reasonFor(results) }));
    },
    beginBody: adaptiveLimit.beginBody,
    async receive(body, push) {
      if (!handle) return unavailable('the service is starting or stopping', restartSeconds);
      const response = verifyAndHandle(handle, body, push);
      inFlight.add(response);
      try {
        return await response;
      } finally {
        inFlight.delete(response);
      }
    },
  };
}

const noAuthenticatorConfigured =
  'Pushes from other machines are rejected. Configure push authentication (PUSH_PUBSUB_AUDIENCE, PUSH_SNS_TOPIC_ARNS, PUSH_EVENT_BRIDGE_SECRET, PUSH_EVENT_GRID_KEY or PUSH_SECRET; see docs/security.md). Set ALLOW_UNAUTHENTICATED_PUSH=true where the platform alone can reach this endpoint.';

function reasonFor(results: readonly PushAuthResult[]): string {
  const reasons = results.flatMap(({ authenticator, result }) =>
    result?.outcome === 'denied' ? [`${authenticator.name}: ${result.reason}`] : [],
  );
  if (reasons.length > 0) return reasons.join('; ');
  return `missing or invalid push authentication; configured: ${results
    .map(({ authenticator: { name, variables } }) => `${name} (${variables})`)
    .join('; ')}`;
}

function rejected(response: PushResponse): PushAdmission {
  return { outcome: 'rejected', response };
}

function overloaded(): PushResponse {
  return unavailable('as many messages as can be answered in time', overloadRetrySeconds);
}

function unavailable(error: string, retryAfterSeconds: number): PushResponse {
  return { status: 503, body: { error }, retryAfterSeconds };
}

function responseFor(verdict: Verdict): PushResponse {
  if (verdict.ack && verdict.outcome === 'dead-lettered')
    return { status: 202, body: { deadLettered: verdict.reasons } };
  if (verdict.ack) return { status: 204 };
  const { reason, retryAfterMs } = verdict;
  return unavailable(reason, retryAfterMs === undefined ? retrySeconds : Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}
