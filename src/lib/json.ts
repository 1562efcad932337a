/** JSON parsing without exceptions, and what was parsed. */

/** @returns the parsed value, or undefined when the text is not valid JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param value an object or a list of JSON @returns whether it is an object */
export function isRecord(value: object): value is Record<string, unknown> {
  return !Array.isArray(value);
}
