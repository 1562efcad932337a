/** Checks how long Klaviyo supports the API revision that this version uses. */
import { revision } from '../../klaviyo/api/endpoints.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** A revision is stable for a year, then deprecated for a year. https://developers.klaviyo.com/en/docs/api_versioning_and_deprecation_policy */
const supportedYears = 2;
const what = 'Klaviyo API revision';
const fix = 'update this service';

/** @param used a date such as 2026-07-15 */
export function checkRevision(at: Date, used: string = revision): Finding {
  const end = yearsAfter(used, supportedYears);
  const detail = `${used}, until ${end.toISOString().slice(0, 10)}`;
  if (at >= end) return problem(what, detail, fix);
  return at >= yearsAfter(used, supportedYears - 1) ? warning(what, detail, fix) : ok(what, detail);
}

function yearsAfter(date: string, years: number): Date {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCFullYear(day.getUTCFullYear() + years);
  return day;
}
