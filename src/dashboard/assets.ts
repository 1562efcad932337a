/** Serves the dashboard's own files and those of its libraries in node_modules. No other file can be requested. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  type: string;
  etag: string;
  text: string;
}

const publicFolder = fileURLToPath(new URL('./public/', import.meta.url));
const ownFiles = [
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
  'find.js',
  'settings.js',
  'live-check.js',
];
const litFiles = ['lit-html.js', 'directive.js', 'directive-helpers.js', 'directives/repeat.js', 'directives/live.js'];
const plotFiles = ['uPlot.esm.js', 'uPlot.min.css'];

export function assetFiles(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  // Node resolves lit's server build, which is in a folder beside the browser build.
  const litFolder = join(dirname(require.resolve('lit-html')), '..');
  const plotFolder = dirname(require.resolve('uplot'));
  return new Map([
    ['/', join(publicFolder, 'index.html')],
    ...ownFiles.slice(1).map((name): [string, string] => [`/dashboard/page/${name}`, join(publicFolder, name)]),
    ...litFiles.map((name): [string, string] => [`/dashboard/lib/lit-html/${name}`, join(litFolder, name)]),
    ...plotFiles.map((name): [string, string] => [`/dashboard/lib/uplot/${name}`, join(plotFolder, name)]),
  ]);
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export function createAssets(): (file: string) => Promise<Asset> {
  const cache = new Map<string, Promise<Asset>>();
  async function load(file: string): Promise<Asset> {
    const text = await readFile(file, 'utf8');
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    return { text, etag, type: types[extname(file)] ?? 'text/plain' };
  }
  return (file) => {
    const asset = cache.get(file) ?? load(file);
    cache.set(file, asset);
    return asset;
  };
}
