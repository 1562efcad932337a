/** What an operator has to act on now, since when, and what to do. An entry disappears once its cause is gone. */
import type { Ready } from '../engine/readiness.ts';
import { hasEnded, type Run } from '../engine/runs/run.ts';
import type { AppEvent } from '../telemetry/app-events.ts';
import type { Attention, LetterCounts } from './schemas.ts';

export interface AttentionTracker {
  record(event: AppEvent): void;
  /** @returns what needs attention, the worst first */
  read(state: AttentionState): Attention[];
}

export interface AttentionState {
  ready: Ready;
  deadLetters: LetterCounts | undefined;
  /** Of all replicas, latest first; undefined while the store is unavailable. */
  runs: readonly Run[] | undefined;
  /** Why this replica sheds load; undefined while it does not. */
  shedReason: string | undefined;
}

const credentialsAdvice =
  'Run ctk check: it names the cause. Messages stay with the broker and are delivered afterwards.';
const adviceFor: Record<'commercetools' | 'klaviyo' | 'source' | 'subscription', string> = {
  commercetools: credentialsAdvice,
  klaviyo: credentialsAdvice,
  source: 'Check the broker and the credentials for it, then run ctk check.',
  subscription: 'Check the destination and its permissions, then run ctk subscriptions apply.',
};
const operatorAdvice = 'Correct the cause that is named. The messages are delivered again by the broker.';

export function createAttention(now: () => Date): AttentionTracker {
  /** When each problem was seen first, by its id. */
  const since = new Map<string, string>();
  let operator: { reason: string; since: string } | undefined;

  /** Keeps the time of problems that are still there, and forgets the others. */
  function withSince(found: readonly (Omit<Attention, 'since'> & { since?: string })[]): Attention[] {
    const ids = new Set(found.map(({ id }) => id));
    for (const id of since.keys()) if (!ids.has(id)) since.delete(id);
    return found.map((problem) => {
      const at = problem.since ?? since.get(problem.id) ?? now().toISOString();
      since.set(problem.id, at);
      return { ...problem, since: at };
    });
  }

  return {
    record(event) {
      if (event.type === 'action-required')
        operator = { reason: event.reason, since: operator?.since ?? now().toISOString() };
      // A delivery shows that the credentials and the store work again.
      const isDelivery = event.type === 'message' && event.outcome === 'delivered';
      if (isDelivery || (event.type === 'carts' && event.delivered > 0)) operator = undefined;
    },
    read({ ready, deadLetters, runs, shedReason }) {
      const entries = [
        ...(operator ? [operatorEntry(operator)] : []),
        ...apiEntries(ready),
        ...(shedReason === undefined ? [] : [memoryEntry(shedReason)]),
        ...failedRuns(runs ?? []),
        ...(deadLetters && deadLetters.count > 0 ? [letterEntry(deadLetters)] : []),
      ];
      return withSince(entries);
    },
  };
}

function operatorEntry({ reason, since }: { reason: string; since: string }) {
  return {
    ...{ id: 'action-required', tone: 'bad' as const, title: 'Messages are not delivered', detail: reason, since },
    advice: operatorAdvice,
  };
}

function memoryEntry(detail: string) {
  return {
    ...{ id: 'memory', tone: 'bad' as const, title: 'This replica is short of memory', detail },
    advice: 'Messages are redelivered and syncs continue by themselves. Add memory, or lower realtime.maxInFlight.',
  };
}

function apiEntries({ commercetools, klaviyo, sources, subscriptions }: Ready) {
  const entry = (kind: keyof typeof adviceFor, title: string, detail: string) => ({
    ...{ id: title, tone: 'bad' as const, title, detail, advice: adviceFor[kind] },
  });
  return [
    ...(klaviyo === 'ok' ? [] : [entry('klaviyo', 'Klaviyo is not reachable', klaviyo)]),
    ...(commercetools === 'ok' ? [] : [entry('commercetools', 'commercetools is not reachable', commercetools)]),
    ...Object.entries(sources)
      .filter(([, status]) => status !== 'ok')
      .map(([name, status]) => entry('source', `No messages by ${name}`, status)),
    ...Object.entries(subscriptions)
      .filter(([, status]) => status !== 'Healthy')
      .map(([name, status]) => entry('subscription', `Subscription ${name} is unhealthy`, status)),
  ];
}

/** The latest sync of each resource, if it failed; and runs that an API holds up. */
function failedRuns(runs: readonly Run[]) {
  const latest = new Map<string, Run>();
  for (const run of runs) if (run.kind === 'sync' && !latest.has(run.resource)) latest.set(run.resource, run);
  return [...latest.values()]
    .filter((run) => run.state === 'failed' || (!hasEnded(run) && run.problem !== undefined))
    .map((run) => ({
      id: `run ${run.id}`,
      tone: run.state === 'failed' ? ('bad' as const) : ('warn' as const),
      title: run.state === 'failed' ? `The sync of ${run.resource} failed` : `The sync of ${run.resource} is paused`,
      detail: run.problem ?? 'no reason is stored',
      ...(run.endedAt ? { since: run.endedAt } : {}),
      advice: run.state === 'failed' ? 'Correct the cause, then resume it.' : 'It continues by itself.',
      href: `#runs/${encodeURIComponent(run.id)}`,
    }));
}

function letterEntry({ count, more, oldestAt }: LetterCounts) {
  const number = `${more ? 'More than ' : ''}${count}`;
  return {
    ...{ id: 'dead-letters', tone: 'warn' as const, href: '#dead-letters' },
    title: `${number} dead ${count === 1 && !more ? 'letter' : 'letters'}`,
    detail: 'Records that were not delivered and are not retried by themselves.',
    ...(oldestAt ? { since: oldestAt } : {}),
    advice: 'Read the reason of each, correct it, then retry or discard.',
  };
}
