/**
 * Several test files in one process, one after the other: a process for each would load the service, and compile what is
 * hot in it, three hundred times. Hooks of a file apply to its own tests, as in a process of its own.
 */
import { globSync } from 'node:fs';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);

/** Declares the tests of all files that match. @param patterns of paths from the project's folder */
export function runTogether(...patterns: readonly string[]): void {
  for (const file of globSync(patterns, { cwd: fileURLToPath(root) }).sort())
    describe(file, async () => void (await import(new URL(file, root).href)));
}
