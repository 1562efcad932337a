/** The version of the package. */
import { createRequire } from 'node:module';

// Without a schema, because the file is the package's own, and the list of commands must not load zod.
export const { version }: { version: string } = createRequire(import.meta.url)('../../package.json');
