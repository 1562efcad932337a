/**
 * Writes the applications of commercetools Connect: `npm run connect:build [-- <folder>]`, artifacts/connect by default. Each
 * folder is self-contained: compiled JavaScript, package.json, lock file and smoke test; connect.yaml is beside them.
 * https://docs.commercetools.com/connect/development
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../../deploy/npm/compile.ts';
import { applications, manifestOf } from './manifest.ts';

const root = new URL('../../', import.meta.url);
const fromRoot = (file: string) => fileURLToPath(new URL(file, root));
const target = resolve(process.argv[2] ?? fromRoot('artifacts/connect'));

const compiled = join(target, 'compiled');
compile(compiled, { options: ['--declaration', 'false'] });
const smokeTest = stripTypeScriptTypes(readFileSync(new URL('smoke-test.ts', import.meta.url), 'utf8'));
/** A merchant's own hooks and rules; Node runs the file as it is. */
const merchantFiles = readdirSync(root).filter((name) => /^ctk\.config\.m?[jt]s$/.test(name));

function writeJson(file: string, content: unknown): void {
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

for (const [name, application] of Object.entries(applications)) {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(compiled, join(folder, 'dist'), { recursive: true });
  const { packageJson, packageLock } = manifestOf(name, application, root);
  writeJson(join(folder, 'package.json'), packageJson);
  writeJson(join(folder, 'package-lock.json'), packageLock);
  writeFileSync(join(folder, 'smoke-test.js'), smokeTest);
  for (const file of ['LICENSE', ...merchantFiles]) copyFileSync(fromRoot(file), join(folder, file));
  console.log(folder);
}
rmSync(compiled, { recursive: true });
copyFileSync(fromRoot('connect.yaml'), join(target, 'connect.yaml'));
