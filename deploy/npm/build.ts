/**
 * Builds what `npm pack` and `npm publish` ship, into dist/: Node strips no types under node_modules, so a package holds
 * JavaScript with its declarations. A clone runs from src/ and needs none of this. Arguments are options for tsc.
 */
import { fileURLToPath } from 'node:url';
import { compile } from './compile.ts';

compile(fileURLToPath(new URL('../../dist', import.meta.url)), { options: process.argv.slice(2) });
