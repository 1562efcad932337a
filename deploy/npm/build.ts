/**
 * Builds what `npm pack` and `npm publish` ship, into dist/: Node strips no types under node_modules, so a package holds
 * JavaScript with its declarations. A clone runs from src/ and needs none of this.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const dist = new URL('dist/', root);

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.package.json'], {
  cwd: root,
  stdio: 'inherit',
});
// What is no TypeScript goes along as it is.
cpSync(new URL('src/', root), dist, {
  recursive: true,
  filter: (path) => !/\.ts$/.test(path),
});
