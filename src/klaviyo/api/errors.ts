/** Classifies Klaviyo's error responses once, by status and whether the body is JSON:API, never by message text. */
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { revision } from './endpoints.ts';
import { redact } from './redact.ts';

/** One error of a JSON:API body. https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling */
export interface KlaviyoError {
  code: string;
  /** Without personal data. */
  detail: string;
  /** JSON pointer into the request's body. */
  pointer?: string;
  /** Klaviyo's id of the profile that has one of the identifiers; with the code `duplicate_profile`. */
  duplicateProfileId?: string;
  /** Klaviyo's id of this occurrence. A success has no such id, and no header has one. */
  errorId?: string;
}

export type ApiFailure =
  /** Klaviyo will never accept this request: 4xx with a JSON:API body, except for those below; or too large a request. */
  | { type: 'rejected'; status: number; errors: KlaviyoError[] }
  /** Retry later: 429, 5xx, network, timeout, a response that is not Klaviyo's. */
  | { type: 'unavailable'; reason: string; retryAfterMs?: number }
  /** The key is invalid (401) or lacks a scope (403), both with a JSON:API body; Klaviyo has ended the revision (410). */
  | { type: 'unauthorized' | 'forbidden' | 'retired'; reason: string };

/** The code of a rejection that a server in front of Klaviyo may have sent. */
export const notJson = 'not_json';

/** Sizes of a request are limited by every server on the way; the same request would be answered the same again. */
const sizeStatuses = [400, 413, 414, 431];

const errorBody = z.object({
  errors: z
    .array(
      z.object({
        id: z.string().optional().catch(undefined),
        code: z.string().catch('invalid'),
        title: z.string().optional().catch(undefined),
        detail: z.string().catch(''),
        source: z.object({ pointer: z.string().optional() }).optional().catch(undefined),
        meta: z.object({ duplicate_profile_id: z.string().optional() }).optional().catch(undefined),
      }),
    )
    .min(1),
});

/** @param status other than 2xx. @param requestBody its values are removed from Klaviyo's details */
export function classify(status: number, body: string, requestBody?: string): ApiFailure {
  const parsed = errorBody.safeParse(parseJson(body));
  if (status === 429) return { type: 'unavailable', reason: 'Klaviyo answered 429 (rate limit)' };
  if (status === 410)
    return { type: 'retired', reason: `Klaviyo has retired API revision ${revision}: update this service` };
  if (!parsed.success && sizeStatuses.includes(status)) {
    const detail = `answered ${status} without a JSON:API body: the request may be too large`;
    return { type: 'rejected', status, errors: [{ code: notJson, detail }] };
  }
  if (!parsed.success) return { type: 'unavailable', reason: `Klaviyo answered ${status} without a JSON:API body` };
  const errors = parsed.data.errors.map((error) => toKlaviyoError(error, requestBody));
  const codes = errors.map((error) => error.code).join(', ');
  if (status === 401 || status === 403) {
    return {
      type: status === 401 ? 'unauthorized' : 'forbidden',
      reason: `Klaviyo answered ${status} (${codes}): check KLAVIYO_AUTH_KEY and its scopes`,
    };
  }
  if (status >= 400 && status < 500 && status !== 408) return { type: 'rejected', status, errors };
  return { type: 'unavailable', reason: `Klaviyo answered ${status} (${codes})` };
}

function toKlaviyoError(error: z.infer<typeof errorBody>['errors'][number], requestBody?: string): KlaviyoError {
  return omitUndefined({
    code: error.code,
    detail: redact(error.detail || (error.title ?? ''), requestBody),
    pointer: error.source?.pointer,
    duplicateProfileId: error.meta?.duplicate_profile_id,
    errorId: error.id,
  });
}
