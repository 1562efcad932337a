/**
 * Where settings come from, later wins: the incumbent's files in NODE_CONFIG_DIR, its NODE_CONFIG, then the file that
 * CTK_SETTINGS names. Objects are merged, lists replaced.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { type Settings, settingRows, settingsSchema, unknownPaths } from './settings.ts';

type Json = Record<string, unknown>;

export interface ReadSettings {
  settings: Settings;
  /** Places that said something, in the order in which they were read. */
  sources: string[];
  problems: string[];
  warnings: string[];
}

interface Place {
  name: string;
  /** Unknown names are an error here; in the incumbent's places a warning. */
  strict: boolean;
  text: string;
}

const object = z.record(z.string(), z.unknown());

/** @param environment the variables that name the places */
export function readSettings(environment: Record<string, string | undefined>): ReadSettings {
  const problems: string[] = [];
  const warnings: string[] = [];
  const sources: string[] = [];
  let merged: Json = {};
  for (const place of placesOf(environment, problems)) {
    const said = parsePlace(place, problems);
    if (said === undefined) continue;
    sources.push(place.name);
    const unknown = unknownPaths(said);
    if (place.strict) problems.push(...unknown.map((path) => `${place.name}: unknown setting ${path}${nearest(path)}`));
    else warnings.push(...unknown.map((path) => `${place.name}: unknown setting ${path} is ignored${nearest(path)}`));
    merged = merge(merged, without(said, unknown));
  }
  const parsed = settingsSchema.safeParse(merged);
  if (parsed.success) return { settings: parsed.data, sources, problems, warnings };
  problems.push(...parsed.error.issues.map((issue) => `setting ${issue.path.join('.')}: ${issue.message}`));
  return { settings: settingsSchema.parse({}), sources, problems, warnings };
}

function placesOf(environment: Record<string, string | undefined>, problems: string[]): Place[] {
  const places: Place[] = [];
  const folder = environment.NODE_CONFIG_DIR || './config';
  for (const name of ['default', environment.NODE_ENV, 'local']) {
    const file = join(folder, `${name}.json`);
    if (name && existsSync(file)) places.push({ name: file, strict: false, text: readFileSync(file, 'utf8') });
  }
  const inline = environment.NODE_CONFIG;
  if (inline?.trim()) places.push({ name: 'NODE_CONFIG', strict: false, text: inline });
  const own = environment.CTK_SETTINGS;
  if (!own) return places;
  if (existsSync(own)) places.push({ name: own, strict: true, text: readFileSync(own, 'utf8') });
  else problems.push(`CTK_SETTINGS: there is no file ${own}; give the path of a JSON or YAML file, or unset it`);
  return places;
}

function parsePlace({ name, text }: Place, problems: string[]): Json | undefined {
  try {
    // YAML reads JSON too.
    const parsed = object.safeParse(parseYaml(text) ?? {});
    if (parsed.success) return parsed.data;
    problems.push(`${name}: must hold an object of settings`);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.split('\n')[0] : 'unreadable';
    problems.push(`${name}: neither JSON nor YAML: ${reason}`);
  }
  return undefined;
}

function nearest(path: string): string {
  const known = settingRows().map((row) => row.path);
  return `; did you mean ${closest(path, known)}?`;
}

function merge(below: Json, above: Json): Json {
  const merged: Json = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const left = object.safeParse(merged[name]);
    const right = object.safeParse(value);
    merged[name] = left.success && right.success ? merge(left.data, right.data) : value;
  }
  return merged;
}

function without(said: Json, paths: readonly string[]): Json {
  const kept: Json = {};
  for (const [name, value] of Object.entries(said)) {
    if (paths.includes(name)) continue;
    const below = paths.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));
    const inner = object.safeParse(value);
    kept[name] = below.length > 0 && inner.success ? without(inner.data, below) : value;
  }
  return kept;
}
