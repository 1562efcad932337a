/**
 * Several test files in one process: a process for each would load the service, and compile what is hot in it, three hundred
 * times. Hooks of a file apply to its own tests, as in a process of its own.
 */
import { globSync } from 'node:fs';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);

/**
 * Declares the tests of all files that match.
 * @param patterns of paths from the project's folder
 * @param filesAtOnce more than one where tests wait a lot and none looks at the whole process
 */
export function runTogether(patterns: readonly string[], filesAtOnce = 1): void {
  describe('files', { concurrency: filesAtOnce }, () => {
    for (const file of globSync(patterns, { cwd: fileURLToPath(root) }).sort())
      describe(file, { concurrency: 1 }, async () => void (await import(new URL(file, root).href)));
  });
}
