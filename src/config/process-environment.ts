/** The only reader of process.env. */

export function processEnvironment(): Record<string, string | undefined> {
  return process.env;
}
