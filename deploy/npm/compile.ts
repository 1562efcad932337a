/**
 * Compiles src/ to JavaScript, without tests; `npm run check` is what checks types. Files that are not TypeScript are copied,
 * and the dashboard's own, whose types are removed when they are served.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param outDir is replaced @param options for tsc, in addition to tsconfig.package.json */
export function compile(outDir: string, options: readonly string[] = []): void {
  rmSync(outDir, { recursive: true, force: true });
  compileProject('tsconfig.package.json', outDir, options);
  copyAssets(outDir);
}

/** Compiles what a tsconfig.json names. @param project relative to the root */
export function compileProject(project: string, outDir: string, options: readonly string[] = []): void {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', project, '--noCheck', '--outDir', outDir, ...options];
  execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
}

/** Copies the files of src/ that are not compiled. */
export function copyAssets(outDir: string): void {
  cpSync(`${root}src`, outDir, {
    recursive: true,
    filter: (path) => isOfPage(path) || !/\.ts$|tsconfig\.json$/.test(path),
  });
}

function isOfPage(path: string): boolean {
  return path.startsWith(`${root}src/dashboard/public/`) && !path.endsWith('tsconfig.json');
}
