/** Checks of the request headers: private key with its scopes, revision, media type of the body. */
import type { IncomingHttpHeaders } from 'node:http';
import { frameworkError, invalid, RequestError } from './errors.ts';
import type { Operation } from './operations.ts';

const revision = '2026-07-15';
export const mediaType = 'application/vnd.api+json';
/** Klaviyo's own SDKs send `application/json`. */
export const bodyMediaTypes = [mediaType, 'application/json'];

/** Private keys by their text, with a function that returns whether the key has a scope. */
export type PrivateKeys = Map<string, (scope: string) => boolean>;

/** Throws a RequestError unless the request has a known key with the scopes of the operation, and the revision. */
export function checkAccess(headers: IncomingHttpHeaders, operation: Operation, keys: PrivateKeys): void {
  if (headers.authorization === undefined) {
    const title = 'Authentication credentials were not provided.';
    throw new RequestError(frameworkError(401, 'not_authenticated', title, title));
  }
  const allows = keys.get(headers.authorization.replace(/^Klaviyo-API-Key /, ''));
  if (allows === undefined || !headers.authorization.startsWith('Klaviyo-API-Key ')) {
    const title = 'Incorrect authentication credentials.';
    throw new RequestError(frameworkError(401, 'authentication_failed', title, title));
  }
  if (headers.revision !== revision) {
    const detail =
      headers.revision === undefined
        ? 'The revision header is missing.'
        : `This sandbox speaks revision ${revision} only.`;
    throw new RequestError({ ...invalid(detail), code: 'invalid_revision', title: 'Invalid revision.' });
  }
  const missing = operation.scopes.find((scope) => !allows(scope));
  if (missing === undefined) return;
  const title = 'You do not have permission to perform this action.';
  throw new RequestError(frameworkError(403, 'permission_denied', title, `The key lacks the scope ${missing}.`));
}

/** Throws a RequestError (415) unless the body has a media type that Klaviyo accepts. */
export function checkMediaType(headers: IncomingHttpHeaders): void {
  const given = headers['content-type'];
  if (given === undefined || bodyMediaTypes.some((type) => given.startsWith(type))) return;
  throw new RequestError(unsupportedMediaType);
}

export const unsupportedMediaType = {
  status: 415,
  code: 'unsupported_media_type',
  title: 'Unsupported media type.',
  detail: `Send the body as ${mediaType}.`,
};
