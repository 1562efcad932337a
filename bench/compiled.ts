/** Compiles what is measured, as the image and the package run it: from source, Node's removal of types needs memory of its own. */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '../deploy/npm/compile.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const outDir = `${root}dist/bench/`;
let isCompiled = false;

/** @param file relative to the root, such as `src/main.ts` @returns the path of its JavaScript, compiled once per process */
export function compiled(file: string): string {
  if (!isCompiled) {
    compile(outDir, { project: 'bench/tsconfig.json', sourceDir: 'src' });
    cpSync(`${root}package.json`, `${outDir}package.json`);
    isCompiled = true;
  }
  return `${outDir}${file.replace(/\.ts$/, '.js')}`;
}
