/** Requests of the checks to Klaviyo: a failure ends the check, unless it is what the check asks about. */
import type { z } from 'zod';
import type { ApiCall, ApiResult } from '../klaviyo/api/client.ts';
import { endpoints } from '../klaviyo/api/endpoints.ts';
import type { ApiFailure } from '../klaviyo/api/errors.ts';
import { ForbiddenError, UnverifiableError } from './errors.ts';
import type { LiveCheckContext } from './live-check.ts';

export type LiveRequest = Omit<ApiCall, 'lane' | 'signal'>;

const timeoutMs = 60_000;

/** Sends a request, also after the checks were stopped, because records have to be removed then. */
export function requestKlaviyo(
  { klaviyo }: Pick<LiveCheckContext, 'klaviyo'>,
  request: LiveRequest,
): Promise<ApiResult> {
  return klaviyo.call({ ...request, lane: 'bulk', signal: AbortSignal.timeout(timeoutMs) });
}

/** @returns the body of the response. @throws UnverifiableError for a failure, or a body of another shape */
export async function expectKlaviyo<Body>(
  context: LiveCheckContext,
  request: LiveRequest,
  schema: z.ZodType<Body>,
): Promise<Body> {
  context.signal.throwIfAborted();
  return bodyOf(request, await requestKlaviyo(context, request), schema);
}

/** @throws UnverifiableError if it fails; 409 is no failure, because a retry finds what the first attempt created */
export async function createInKlaviyo(context: LiveCheckContext, request: LiveRequest): Promise<void> {
  context.signal.throwIfAborted();
  const result = await requestKlaviyo(context, request);
  if (!result.ok && !hasStatus(result.failure, 409)) throw failureError(request, result.failure);
}

/** @returns every page's records. @throws UnverifiableError */
export async function listKlaviyo<Item>(
  context: LiveCheckContext,
  request: LiveRequest,
  schema: z.ZodType<{ data: Item[] }>,
): Promise<Item[]> {
  const { klaviyo, signal } = context;
  const all: Item[] = [];
  for await (const page of klaviyo.pages({ ...request, lane: 'bulk', signal }))
    all.push(...bodyOf(request, page, schema).data);
  return all;
}

/** @returns the parsed body. @throws UnverifiableError */
export function bodyOf<Body>(request: LiveRequest, result: ApiResult, schema: z.ZodType<Body>): Body {
  if (!result.ok) throw failureError(request, result.failure);
  const parsed = schema.safeParse(result.body);
  if (!parsed.success) throw new UnverifiableError(`Klaviyo answered ${nameOf(request)} in an unknown shape`);
  return parsed.data;
}

export function hasStatus(failure: ApiFailure, status: number): boolean {
  return failure.type === 'rejected' && failure.status === status;
}

export function failureError(request: LiveRequest, failure: ApiFailure): UnverifiableError {
  const isForbidden = failure.type === 'forbidden' || failure.type === 'unauthorized';
  return new (isForbidden ? ForbiddenError : UnverifiableError)(failureText(request, failure));
}

/** @returns the reason with the request and, if a scope is missing, the scopes that the request needs */
export function failureText(request: LiveRequest, failure: ApiFailure): string {
  if (failure.type === 'forbidden') return `the key needs ${endpoints[request.endpoint].scopes.join(' and ')}`;
  if (failure.type !== 'rejected') return failure.reason;
  const codes = failure.errors.map(({ code, pointer }) => (pointer ? `${code} at ${pointer}` : code));
  return `Klaviyo answered ${nameOf(request)} with ${failure.status} (${codes.join(', ')})`;
}

function nameOf({ endpoint }: LiveRequest): string {
  const { method, path } = endpoints[endpoint];
  return `${method} ${path}`;
}
