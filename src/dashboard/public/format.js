/** Formats numbers and times. */

const numbers = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export const number = (value) => numbers.format(value);
export const time = (iso) => clock.format(new Date(iso));
export const moment = (iso) => (iso ? day.format(new Date(iso)) : '–');

/** @param seconds @returns such as 3 min 20 s */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** @param now the service's clock @returns such as 12 s ago */
export function ago(iso, now) {
  if (!iso) return 'never';
  return `${duration((Date.parse(now) - Date.parse(iso)) / 1_000)} ago`;
}

export function plural(count, singular, pluralForm = `${singular}s`) {
  return `${number(count)} ${count === 1 ? singular : pluralForm}`;
}
