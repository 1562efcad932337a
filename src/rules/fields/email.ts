/** E-mail addresses as Klaviyo accepts them. */

/** Returns whether the text has the form of an e-mail address; Klaviyo decides about the rest. */
export function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text);
}
