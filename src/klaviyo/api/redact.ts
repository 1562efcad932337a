/** Removes personal data from Klaviyo's error details, so that they can be logged and stored. */
import { parseJson } from '../../lib/json.ts';

/** Larger requests are bulk bodies of up to a thousand records: their values are not searched for. */
const maxRequestLength = 200_000;
/** Shorter values are replaced too often by accident. */
const minValueLength = 3;
/** Values that JSON:API and Klaviyo's ids share; they identify no record. */
const structuralValues = new Set([
  'profile',
  'event',
  'metric',
  'catalog-item',
  'catalog-variant',
  'catalog-category',
  '$custom',
  '$default',
]);

/** Replaces e-mail addresses, phone numbers and the text values of the request's own JSON body by `***`. */
export function redact(detail: string, requestBody?: string): string {
  let redacted = detail;
  const record =
    requestBody !== undefined && requestBody.length <= maxRequestLength ? parseJson(requestBody) : undefined;
  const longestFirst = [...textValues(record)].sort((left, right) => right.length - left.length);
  for (const value of longestFirst) redacted = redacted.replaceAll(value, '***');
  return redacted.replace(/[^\s"'<>(),]+@[^\s"'<>(),]+/g, '***').replace(/\+?\d[\d\s().-]{6,}\d/g, '***');
}

function* textValues(value: unknown): Generator<string> {
  if (typeof value === 'string' && value.length >= minValueLength && !structuralValues.has(value)) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const nested of Object.values(value)) yield* textValues(nested);
}
