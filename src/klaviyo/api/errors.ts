/** What Klaviyo's answers mean, decided once: by status and error code, never by message text. */
import { z } from 'zod';

/** One error of a JSON:API body. https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling */
export interface KlaviyoError {
  code: string;
  detail: string;
  /** JSON pointer into the request's body. */
  pointer?: string;
}

export type ApiFailure =
  /** Klaviyo will not take this body: 400, 404, 409, 413, 422. */
  | { type: 'rejected'; status: number; errors: KlaviyoError[] }
  /** Not now: 429, 5xx, network, time-out, an answer that is not Klaviyo's. */
  | { type: 'unavailable'; reason: string; retryAfterMs?: number }
  /** The key is invalid (401), or lacks a scope (403); both with a JSON:API body. */
  | { type: 'unauthorized' | 'forbidden'; reason: string };

const errorBody = z.object({
  errors: z
    .array(
      z.object({
        code: z.string().catch('invalid'),
        title: z.string().optional().catch(undefined),
        detail: z.string().catch(''),
        source: z.object({ pointer: z.string().optional() }).optional().catch(undefined),
      }),
    )
    .min(1),
});

/**
 * @param status of an answer that is not 2xx
 * @param body the answer's text
 * @param sent the request's body, whose values are blotted out of Klaviyo's details
 */
export function classify(status: number, body: string, sent?: string): ApiFailure {
  const parsed = errorBody.safeParse(parseJson(body));
  if (status === 429) return { type: 'unavailable', reason: 'Klaviyo answered 429 (rate limit)' };
  if (!parsed.success) return { type: 'unavailable', reason: `Klaviyo answered ${status} without a JSON:API body` };
  const errors = parsed.data.errors.map((error) => toError(error, sent));
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

function toError(error: z.infer<typeof errorBody>['errors'][number], sent: string | undefined): KlaviyoError {
  const pointer = error.source?.pointer;
  return {
    code: error.code,
    detail: redact(error.detail || (error.title ?? ''), sent),
    ...(pointer === undefined ? {} : { pointer }),
  };
}

/** A bulk body holds a thousand records: the values of the one that is meant are blotted out where it is found. */
const maxBlotted = 200_000;

/** Klaviyo's words without the record's own values, so that they can be logged and kept. */
function redact(detail: string, sent?: string): string {
  let blotted = detail;
  const record = sent !== undefined && sent.length <= maxBlotted ? parseJson(sent) : undefined;
  for (const value of [...textsOf(record)].sort((a, b) => b.length - a.length)) {
    blotted = blotted.replaceAll(value, '***');
  }
  return blotted.replace(/[^\s"'<>(),]+@[^\s"'<>(),]+/g, '***').replace(/\+?\d[\d\s().-]{6,}\d/g, '***');
}

const shortest = 3;
/** JSON:API's own words, which are no values of a record. */
const structural = new Set([
  'profile',
  'event',
  'metric',
  'catalog-item',
  'catalog-variant',
  'catalog-category',
  '$custom',
  '$default',
]);

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string' && value.length >= shortest && !structural.has(value)) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) yield* textsOf(inner);
}

/** @returns the parsed text, or undefined where it is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
