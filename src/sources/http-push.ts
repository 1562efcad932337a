/** POST / as a source: lets in who may push, takes the envelope off, answers with the verdict. */

import type { Verdict } from '../engine/delivery/verdict.ts';
import type { AppEvents } from '../telemetry/app-events.ts';
import { createAdmission } from './adaptive-limit.ts';
import { together } from './combine-verdicts.ts';
import { unwrap } from './envelope.ts';
import type { PushRequest, PushWay } from './push/authenticator.ts';
import type { Handle, Source } from './source.ts';

export type PushAnswer =
  | { status: 204 }
  | { status: 202; body: { deadLettered: string[] } }
  | { status: 200; body: Record<string, unknown> }
  | { status: 400 | 401; body: { error: string } }
  | { status: 503; body: { error: string }; retryAfterSeconds: number };

/** A request that may go on, with the way by which it was let in. */
export type Gate = { open: true; way?: PushWay; leave(): void } | { open: false; answer: PushAnswer };

export interface HttpPush extends Source {
  /** By the headers alone, before the body is read. Who comes in calls `leave` when it is answered. */
  admit(request: PushRequest & { onThisMachine: boolean }): Promise<Gate>;
  /** @param gate from `admit` */
  take(body: unknown, gate: Extract<Gate, { open: true }>): Promise<PushAnswer>;
}

export interface HttpPushParts {
  /** Those that are configured; with none, only this machine may push. */
  ways: readonly PushWay[];
  allowUnauthenticated: boolean;
  events: AppEvents;
  /** Pushes that are worked on at once; more are sent away for a moment. */
  maxPushes: number;
  /** Milliseconds in which an answer is still in good time for the broker. */
  deadlineMs: number;
}

const retrySeconds = 10;
const fullRetrySeconds = 1;
const restartSeconds = 5;

export function createHttpPush({ ways, allowUnauthenticated, events, ...limits }: HttpPushParts): HttpPush {
  const inFlight = new Set<Promise<unknown>>();
  const admission = createAdmission({ most: limits.maxPushes, deadlineMs: limits.deadlineMs });
  let handle: Handle | undefined;

  function enter(way?: PushWay): Gate {
    const leave = admission.enter();
    if (!leave) return { open: false, answer: later('as many messages as can be answered in time', fullRetrySeconds) };
    return { open: true, leave, ...(way ? { way } : {}) };
  }

  async function work(take: Handle, body: unknown, { way }: Extract<Gate, { open: true }>): Promise<PushAnswer> {
    const opened = (await way?.open?.(body)) ?? { opened: 'delivery' as const };
    if ('admitted' in opened) return refuse(opened.admitted, opened.reason);
    if (opened.opened === 'answer')
      return opened.status === 200 ? { status: 200, body: opened.body ?? {} } : { status: 204 };
    const unwrapped = unwrap(body, { source: 'http' });
    if (!unwrapped.ok) {
      events.emit({ type: 'invalid-envelope', reason: unwrapped.reason });
      return { status: 400, body: { error: unwrapped.reason } };
    }
    return answerOf(together(await Promise.all(unwrapped.messages.map(take))));
  }

  function refuse(admitted: 'no' | 'unknown', reason: string): PushAnswer {
    events.emit({ type: 'push-unauthorized', reason });
    return admitted === 'unknown' ? later(reason, retrySeconds) : { status: 401, body: { error: reason } };
  }

  return {
    name: 'push',
    start(begun) {
      handle = begun;
      admission.open();
    },
    async stop() {
      handle = undefined;
      // One that rejected was answered so: the stop does not fail with it.
      await Promise.allSettled(inFlight);
      admission.close();
    },
    trouble: () => undefined,
    async admit(request) {
      if (allowUnauthenticated) return enter();
      if (ways.length === 0) return request.onThisMachine ? enter() : { open: false, answer: refuse('no', noWay) };
      const looked = await Promise.all(ways.map(async (way) => ({ way, admission: await way.admit(request) })));
      const open = looked.find(
        ({ admission }) => admission?.admitted === 'yes' || admission?.admitted === 'after-body',
      );
      if (open) return enter(open.way);
      for (const { admission } of looked)
        if (admission?.admitted === 'unknown') return { open: false, answer: refuse('unknown', admission.reason) };
      return { open: false, answer: refuse('no', reasonsOf(looked)) };
    },
    async take(body, gate) {
      if (!handle) return later('the service is starting or stopping', restartSeconds);
      const answer = work(handle, body, gate);
      inFlight.add(answer);
      try {
        return await answer;
      } finally {
        inFlight.delete(answer);
      }
    },
  };
}

const noWay =
  'Pushes from other machines are refused. Set what proves the sender (PUSH_PUBSUB_AUDIENCE, PUSH_SNS_TOPIC_ARNS, PUSH_EVENT_BRIDGE_SECRET, PUSH_EVENT_GRID_KEY or PUSH_SECRET; see docs/security.md). Set ALLOW_UNAUTHENTICATED_PUSH=true where the platform alone can reach this endpoint.';

function reasonsOf(looked: readonly { way: PushWay; admission: Awaited<ReturnType<PushWay['admit']>> }[]): string {
  const said = looked.flatMap(({ way, admission }) =>
    admission?.admitted === 'no' ? [`${way.name}: ${admission.reason}`] : [],
  );
  if (said.length > 0) return said.join('; ');
  return `no proof of the sender: configured are ${looked.map(({ way }) => `${way.name} (${way.variables})`).join('; ')}`;
}

function later(error: string, retryAfterSeconds: number): PushAnswer {
  return { status: 503, body: { error }, retryAfterSeconds };
}

function answerOf(verdict: Verdict): PushAnswer {
  if (verdict.ack && verdict.outcome === 'dead-lettered')
    return { status: 202, body: { deadLettered: verdict.reasons } };
  if (verdict.ack) return { status: 204 };
  const { reason, retryAfterMs } = verdict;
  return later(reason, retryAfterMs === undefined ? retrySeconds : Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}
