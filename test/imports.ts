/** Reads what each file imports from its text, for the tests of the layout. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

const folderPath = (folder: string) => fileURLToPath(new URL(`../${folder}/`, import.meta.url));

export interface Source {
  /** Relative to its folder, such as `rules/orders/placed-order.ts`. */
  path: string;
  text: string;
}

export interface Import {
  /** The importing and the imported file, relative to src/. */
  from: string;
  to: string;
  /** Erased when the program runs. */
  onlyTypes: boolean;
}

/** @returns every file of a top-level folder, without its tests */
export function sources(folder = 'src'): Source[] {
  return globSync('**/*.ts', { cwd: folderPath(folder) })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(folderPath(folder), path), 'utf8') }));
}

/** Whether a file imports from another top-level folder. */
export function importsFolder(text: string, folder: string): boolean {
  return new RegExp(`from\\s*['"](?:\\.\\./)+${folder}/`).test(text);
}

const statement = /^(?:import|export)\s+(type\s)?([^;'"]*?)\s*from\s*['"](\.[^'"]*)['"]/gm;
const sideEffect = /^import\s*['"](\.[^'"]*)['"]/gm;
const dynamic = /\bimport\(\s*['"](\.[^'"]*)['"]/g;

/** Imports of the project's own files. */
export function importsOf({ path, text }: Source): Import[] {
  const to = (specifier: string) => join(dirname(path), specifier);
  const named = [...text.matchAll(statement)].map(([, type, names = '', specifier = '']) => ({
    from: path,
    to: to(specifier),
    onlyTypes: type !== undefined || areTypes(names),
  }));
  const whole = [...text.matchAll(sideEffect), ...text.matchAll(dynamic)].map(([, specifier = '']) => ({
    from: path,
    to: to(specifier),
    onlyTypes: false,
  }));
  return [...named, ...whole];
}

/** `{ type A, type B }`, and nothing else in it. */
function areTypes(names: string): boolean {
  const parts = names.replace(/[{}]/g, '').split(',');
  return parts.every((part) => part.trim() === '' || part.trim().startsWith('type '));
}
