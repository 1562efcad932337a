/** Formats numbers and times. */

const numbers = new Intl.NumberFormat('en');
const shortNumbers = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const hourClock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

export const number = (value: number) => numbers.format(value);
export const shortNumber = (value: number) => shortNumbers.format(value);
export const time = (iso: string) => clock.format(new Date(iso));
export const hour = (seconds: number) => hourClock.format(new Date(seconds * 1_000));
export const moment = (iso: string | undefined) => (iso ? dayAndTime.format(new Date(iso)) : '–');
/** @param date such as 2026-03-01 */
export const day = (date: string) => dayOfYear.format(new Date(date));

/** @param currency ISO 4217 */
export function money(value: number, currency: string): string {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits: 0 }).format(value);
  } catch {
    return `${number(Math.round(value))} ${currency}`;
  }
}

/** @returns such as 3 min 20 s */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return plural(Math.floor(whole / 86_400), 'day');
}

/** @returns such as 120 ms, 2.4 s or 3 min 20 s */
export function delay(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds);
}

/** @returns such as 2 s, 5 min, 3 h or 2 d */
export function shortDelay(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** @param now the service's clock @returns such as 12 s ago */
export function ago(iso: string | undefined, now: string): string {
  if (!iso) return 'never';
  const seconds = (Date.parse(now) - Date.parse(iso)) / 1_000;
  if (seconds < 3_600) return seconds < 60 ? `${duration(seconds)} ago` : `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h ago` : moment(iso);
}

export function plural(count: number, singular: string, pluralForm = `${singular}s`): string {
  return `${number(count)} ${count === 1 ? singular : pluralForm}`;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** @returns the text with a capital first letter, and spaces for hyphens */
export function title(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll('-', ' ');
}
