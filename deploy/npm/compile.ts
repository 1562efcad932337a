/**
 * Compiles src/ to JavaScript, without tests; `npm run check` is what checks types. Files that are not TypeScript are copied,
 * and the dashboard's own, whose types are removed when they are served.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface CompileOptions {
  /** Relative to the root. */
  project?: string;
  /** Folder of src/ in the output. */
  sourceDir?: string;
  /** For tsc, in addition to the project. */
  options?: readonly string[];
}

/** @param outDir is replaced */
export function compile(
  outDir: string,
  { project = 'tsconfig.package.json', sourceDir = '.', options = [] }: CompileOptions = {},
): void {
  rmSync(outDir, { recursive: true, force: true });
  const tsc = ['node_modules/typescript/bin/tsc', '-p', project, '--noCheck', '--outDir', outDir, ...options];
  execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
  cpSync(`${root}src`, join(outDir, sourceDir), {
    recursive: true,
    filter: (path) => isOfPage(path) || !/\.ts$|tsconfig\.json$/.test(path),
  });
}

function isOfPage(path: string): boolean {
  return path.startsWith(`${root}src/dashboard/public/`) && !path.endsWith('tsconfig.json');
}
