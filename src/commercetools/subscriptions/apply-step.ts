/**
 * Applies the steps of a plan. commercetools sends a test notification when a subscription gets a destination, and refuses the
 * request if that fails. https://docs.commercetools.com/api/projects/subscriptions#create-subscription
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { CommercetoolsClient } from '../client.ts';
import { CommercetoolsError } from '../errors.ts';
import type { PlanStep, SubscriptionDraft, UpdateAction } from './subscriptions.ts';

/** Permissions of a new queue or topic need up to minutes until they are in effect. */
export interface DestinationRetry {
  timeoutMs: number;
  intervalMs: number;
}

const defaultDestinationRetry: DestinationRetry = { timeoutMs: 180_000, intervalMs: 5_000 };

export interface ApplyOptions {
  retry?: DestinationRetry;
  /** Called once if the destination does not accept yet. @param until when the last attempt is made */
  onRetry?(until: Date): void;
}

/**
 * @throws CommercetoolsError, for a refused destination after the last attempt
 */
export async function applyStep(
  client: CommercetoolsClient,
  step: PlanStep,
  { retry = defaultDestinationRetry, onRetry }: ApplyOptions = {},
): Promise<void> {
  const untilAccepted = (request: () => Promise<unknown>) => retryDestination(request, step, { retry, onRetry });
  const create = (draft: SubscriptionDraft) => untilAccepted(() => client.post('subscriptions', bodyOf(draft)));
  switch (step.action) {
    case 'create':
      await create(step.draft);
      return;
    case 'update': {
      const { existing, actions } = step;
      const update = () => client.post(`subscriptions/${existing.id}`, { version: existing.version, actions });
      await (setsDestination(actions) ? untilAccepted(update) : update());
      return;
    }
    case 'replace':
      await client.delete(`subscriptions/${step.existing.id}`, { version: step.existing.version });
      await create(step.draft);
      return;
    case 'remove':
      await client.delete(`subscriptions/${step.existing.id}`, { version: step.existing.version });
      return;
    case 'noop':
      return;
  }
}

/** Leaves out empty lists, which commercetools may refuse. */
function bodyOf({ messages, changes, ...rest }: SubscriptionDraft) {
  const unlessEmpty = <Element>(list: Element[]) => (list.length > 0 ? list : undefined);
  return omitUndefined({ ...rest, messages: unlessEmpty(messages), changes: unlessEmpty(changes) });
}

function setsDestination(actions: readonly UpdateAction[]): boolean {
  return actions.some(({ action }) => action === 'changeDestination');
}

/** Returns the message types that a step asks for. */
export function messageTypesOf(step: PlanStep): string[] {
  const actions = step.action === 'update' ? step.actions : [];
  const ofActions = actions.flatMap((action) => ('messages' in action ? (action.messages ?? []) : []));
  const messages = 'draft' in step ? step.draft.messages : ofActions;
  return messages.flatMap(({ types }) => types);
}

/** Returns the message types of a step that a refusal of commercetools mentions. */
export function typesNamedIn(detail: string, step: PlanStep): string[] {
  const words = new Set(detail.match(/\w+/g));
  return messageTypesOf(step).filter((type) => words.has(type));
}

/** Codes of errors that no permission causes. The code of a failed test notification is not documented. */
const permanentCodes: ReadonlySet<string> = new Set([
  'DuplicateField',
  'InvalidField',
  'InvalidJsonInput',
  'MaxResourceLimitExceeded',
  'RequiredField',
  'ResourceSizeLimitExceeded',
]);

function mayBeDestination(thrown: unknown, step: PlanStep): boolean {
  if (!(thrown instanceof CommercetoolsError) || thrown.type !== 'rejected') return false;
  if (typesNamedIn(thrown.detail ?? '', step).length > 0) return false;
  return thrown.code === undefined || !permanentCodes.has(thrown.code);
}

async function retryDestination(
  request: () => Promise<unknown>,
  step: PlanStep,
  { retry: { timeoutMs, intervalMs }, onRetry }: { retry: DestinationRetry; onRetry: ApplyOptions['onRetry'] },
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await request();
      return;
    } catch (thrown) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || !mayBeDestination(thrown, step)) throw thrown;
      if (attempt === 1) onRetry?.(new Date(Date.now() + leftMs));
      await sleep(Math.min(intervalMs, leftMs));
    }
  }
}
