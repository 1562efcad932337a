/**
 * Serves the dashboard's own files and those of its libraries in node_modules. No other file can be requested. TypeScript
 * is served without its types, and names of libraries are replaced by their URLs, because browsers know neither.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  type: string;
  etag: string;
  text: string;
}

const publicFolder = fileURLToPath(new URL('./public/', import.meta.url));
const pageUrl = '/dashboard/page/';
const litUrl = '/dashboard/lib/lit-html/';
const plotUrl = '/dashboard/lib/uplot/';
const litFiles = ['lit-html.js', 'directive.js', 'directive-helpers.js', 'directives/repeat.js', 'directives/live.js'];
const plotFiles = ['uPlot.esm.js', 'uPlot.min.css'];

/** index.html is served as `/`. */
const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** @returns the files by URL */
export function assetFiles(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  // Node resolves lit's server build, which is in a folder beside the browser build.
  const litFolder = join(dirname(require.resolve('lit-html')), '..');
  const plotFolder = dirname(require.resolve('uplot'));
  const ownFiles = readdirSync(publicFolder).filter((name) => extname(name) in types);
  return new Map([
    ['/', join(publicFolder, 'index.html')],
    ...ownFiles.map((name): [string, string] => [`${pageUrl}${name}`, join(publicFolder, name)]),
    ...litFiles.map((name): [string, string] => [`${litUrl}${name}`, join(litFolder, name)]),
    ...plotFiles.map((name): [string, string] => [`${plotUrl}${name}`, join(plotFolder, name)]),
  ]);
}

export function createAssets(): (file: string) => Promise<Asset> {
  const cache = new Map<string, Promise<Asset>>();
  async function load(file: string): Promise<Asset> {
    const source = await readFile(file, 'utf8');
    const text = extname(file) === '.ts' ? toBrowserScript(source) : source;
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    return { text, etag, type: types[extname(file)] ?? 'text/html; charset=utf-8' };
  }
  return (file) => {
    const asset = cache.get(file) ?? load(file);
    cache.set(file, asset);
    return asset;
  };
}

/** @returns the script with types replaced by spaces, so that lines and columns stay */
function toBrowserScript(source: string): string {
  return withoutWarning(() => stripTypeScriptTypes(source))
    .replace(/(from|import) 'lit-html'/g, `$1 '${litUrl}lit-html.js'`)
    .replace(/(from|import) 'lit-html\//g, `$1 '${litUrl}`)
    .replace(/(from|import) 'uplot'/g, `$1 '${plotUrl}uPlot.esm.js'`);
}

/** Node warns that the function is experimental, which a user of the service can do nothing about. */
function withoutWarning<Result>(call: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return call();
  } finally {
    process.emitWarning = emitWarning;
  }
}
