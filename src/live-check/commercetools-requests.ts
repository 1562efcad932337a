/** Test custom objects, and errors of commercetools as values. */
import pRetry from 'p-retry';
import { z } from 'zod';
import type { Query } from '../commercetools/client.ts';
import { CommercetoolsError } from '../commercetools/errors.ts';
import { ForbiddenError, UnverifiableError } from './errors.ts';
import type { LiveCheckContext } from './live-check.ts';

/** A container of its own, so that the store's records are never read or written. */
export const testContainer = 'ctk-live-check';

export type CommercetoolsResult = { ok: true; body: unknown } | { ok: false; error: CommercetoolsError };

/** @returns the body, or the error if commercetools rejected the request. @throws UnverifiableError for any other failure */
export async function answerOf(request: Promise<unknown>, scope: string): Promise<CommercetoolsResult> {
  try {
    return { ok: true, body: await request };
  } catch (thrown) {
    if (!(thrown instanceof CommercetoolsError)) throw thrown;
    if (thrown.type === 'forbidden') throw new ForbiddenError(`the client needs ${scope}`);
    if (thrown.type === 'unavailable' || thrown.type === 'unauthorized') throw new UnverifiableError(thrown.message);
    return { ok: false, error: thrown };
  }
}

/** @returns the body. @throws UnverifiableError for every failure */
async function expectBody(request: Promise<unknown>, scope: string): Promise<unknown> {
  const answer = await answerOf(request, scope);
  if (!answer.ok) throw new UnverifiableError(answer.error.message);
  return answer.body;
}

export const objectsScope = 'manage_key_value_documents';

/** Writes a test object, which is removed afterwards. */
export function putObject(context: LiveCheckContext, key: string, version?: number): Promise<CommercetoolsResult> {
  context.signal.throwIfAborted();
  const draft = { container: testContainer, key, value: { test: 'ctk check --live' } };
  const body = version === undefined ? draft : { ...draft, version };
  return context.cleanup.create(
    { name: `custom object ${testContainer}/${key}`, remove: () => removeObject(context, key) },
    () => answerOf(context.commercetools.post('custom-objects', body), objectsScope),
  );
}

/** Repeats a deletion without a response, which the client does not, so that less remains. @throws CommercetoolsError */
export function removeRetrying(commercetools: LiveCheckContext['commercetools'], path: string, query?: Query) {
  return pRetry(() => commercetools.delete(path, query), {
    retries: 4,
    minTimeout: 500,
    shouldRetry: ({ error }) => error instanceof CommercetoolsError && error.type === 'unavailable',
  });
}

async function removeObject({ commercetools }: LiveCheckContext, key: string): Promise<void> {
  const answer = await answerOf(removeRetrying(commercetools, `custom-objects/${testContainer}/${key}`), objectsScope);
  if (!answer.ok && answer.error.type !== 'not-found') throw answer.error;
}

const page = z.looseObject({ results: z.array(z.unknown()) });

/** @returns how many records the query finds. @throws UnverifiableError */
export async function countFound(
  { commercetools }: LiveCheckContext,
  path: string,
  { where, scope }: { where: readonly string[]; scope: string },
): Promise<number> {
  const parsed = page.safeParse(
    await expectBody(commercetools.get(path, { where, limit: 1, withTotal: false }), scope),
  );
  if (!parsed.success) throw new UnverifiableError(`commercetools answered ${path} in an unknown shape`);
  return parsed.data.results.length;
}
