/** What each file of src/ imports, read from its text: for the tests that hold the layout. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../src/', import.meta.url));

export interface Source {
  /** Below src/, such as `rules/orders/event.ts`. */
  path: string;
  text: string;
}

export interface Import {
  /** The file that imports and the one that is imported, below src/. */
  from: string;
  to: string;
  /** Nothing of it is there when the program runs. */
  onlyTypes: boolean;
}

/** Every file of the product and its sandbox; tests are nobody's part. */
export function sources(): Source[] {
  return globSync('**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const statement = /^(?:import|export)\s+(type\s)?([^;'"]*?)\s*from\s*['"](\.[^'"]*)['"]/gm;
const sideEffect = /^import\s*['"](\.[^'"]*)['"]/gm;
const dynamic = /\bimport\(\s*['"](\.[^'"]*)['"]/g;

/** Imports of the project's own files. */
export function importsOf({ path, text }: Source): Import[] {
  const to = (said: string) => join(dirname(path), said);
  const named = [...text.matchAll(statement)].map(([, type, names = '', said = '']) => ({
    from: path,
    to: to(said),
    onlyTypes: type !== undefined || areTypes(names),
  }));
  const whole = [...text.matchAll(sideEffect), ...text.matchAll(dynamic)].map(([, said = '']) => ({
    from: path,
    to: to(said),
    onlyTypes: false,
  }));
  return [...named, ...whole];
}

/** `{ type A, type B }`, and nothing else in it. */
function areTypes(names: string): boolean {
  const parts = names.replace(/[{}]/g, '').split(',');
  return parts.every((part) => part.trim() === '' || part.trim().startsWith('type '));
}
