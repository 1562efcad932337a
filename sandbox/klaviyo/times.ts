/** Forms of times in Klaviyo's responses. Both take ISO 8601 with milliseconds, as the sandbox stores times. */

/** Returns whole seconds, such as `2026-09-04T13:39:33+00:00`. */
export function inSeconds(time: string): string {
  return `${time.slice(0, 19)}+00:00`;
}

/** Returns microseconds, such as `2026-09-04T13:39:33.131000+00:00`. */
export function inMicroseconds(time: string): string {
  return time.replace(/(\.\d{3})Z$/, '$1000+00:00');
}
