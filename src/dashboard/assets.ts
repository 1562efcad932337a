/** The files of the page: our own, and the libraries' as npm installed them. No other file can be asked for. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  type: string;
  /** Changes with the text. */
  etag: string;
  text: string;
}

const page = fileURLToPath(new URL('./public/', import.meta.url));
const own = [
  'index.html',
  'style.css',
  'icon.svg',
  'main.js',
  'api.js',
  'state.js',
  'format.js',
  'table.js',
  'plot.js',
  'login.js',
  'now.js',
  'feed.js',
  'runs.js',
  'run-form.js',
  'dead-letters.js',
  'advice.js',
  'explain.js',
  'settings.js',
];
const lit = ['lit-html.js', 'directive.js', 'directive-helpers.js', 'directives/repeat.js', 'directives/live.js'];
const plot = ['uPlot.esm.js', 'uPlot.min.css'];

/** By the path that a browser asks for: where the file is. */
export function assetFiles(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  // Resolved for Node it is lit's build for servers, which stands in a folder beside the one for browsers.
  const litFolder = join(dirname(require.resolve('lit-html')), '..');
  const plotFolder = dirname(require.resolve('uplot'));
  return new Map([
    ['/', join(page, 'index.html')],
    ...own.slice(1).map((name): [string, string] => [`/dashboard/page/${name}`, join(page, name)]),
    ...lit.map((name): [string, string] => [`/dashboard/lib/lit-html/${name}`, join(litFolder, name)]),
    ...plot.map((name): [string, string] => [`/dashboard/lib/uplot/${name}`, join(plotFolder, name)]),
  ]);
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** @returns reads a file when it is asked for the first time, and keeps it */
export function createAssets(): (file: string) => Promise<Asset> {
  const known = new Map<string, Promise<Asset>>();
  async function load(file: string): Promise<Asset> {
    const text = await readFile(file, 'utf8');
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    return { text, etag, type: types[extname(file)] ?? 'text/plain' };
  }
  return (file) => {
    const asset = known.get(file) ?? load(file);
    known.set(file, asset);
    return asset;
  };
}
