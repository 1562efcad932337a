/**
 * Reads and merges settings from these sources, of which later ones win: the open-source plugin's files in
 * NODE_CONFIG_DIR, NODE_CONFIG, and the file in CTK_SETTINGS. Objects are merged, lists replaced. An unknown name is a
 * warning in the plugin's sources, so that a migration does not fail, and an error in CTK_SETTINGS.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { codeOf } from '../../lib/errors.ts';
import { parseJson } from '../../lib/json.ts';
import { disabledEventNames } from '../../rules/settings.ts';
import { issueMessage } from './issue-message.ts';
import { type Settings, settingPaths, settingsSchema, splitKnown } from './settings.ts';

type Json = Record<string, unknown>;

export interface ReadSettings {
  settings: Settings;
  sources: string[];
  layers: { source: string; known: Json }[];
  problems: string[];
  warnings: string[];
}

interface SettingsSource {
  name: string;
  strict: boolean;
  text: string;
}

const object = z.record(z.string(), z.unknown());

export function readSettings(env: Record<string, string | undefined>): ReadSettings {
  const problems: string[] = [];
  const warnings: string[] = [];
  const sources: string[] = [];
  const layers: ReadSettings['layers'] = [];
  let merged: Json = {};
  for (const source of findSources(env, problems)) {
    const content = parseSource(source, problems);
    if (content === undefined) continue;
    sources.push(source.name);
    const { known, unknown } = withoutUnknown(content);
    if (source.strict) problems.push(...unknown.map((problem) => `${source.name}: ${problem}`));
    else warnings.push(...unknown.map((problem) => `${source.name}: ${problem} It is ignored.`));
    const parsed = settingsSchema.safeParse(known, { reportInput: true });
    if (parsed.success) {
      merged = merge(merged, known);
      layers.push({ source: source.name, known });
    } else problems.push(...parsed.error.issues.map((issue) => `${source.name}: ${issueMessage(issue)}`));
  }
  return { settings: settingsSchema.parse(merged), sources, layers, problems, warnings };
}

function findSources(env: Record<string, string | undefined>, problems: string[]): SettingsSource[] {
  const sources: SettingsSource[] = [];
  const read = (name: string, strict: boolean) => {
    try {
      sources.push({ name, strict, text: readFileSync(name, 'utf8') });
    } catch (thrown) {
      problems.push(`${name}: can't be read (${codeOf(thrown)}); it must be a file that this process may read`);
    }
  };
  const folder = env.NODE_CONFIG_DIR || './config';
  for (const name of ['default', env.NODE_ENV, 'local']) {
    const file = join(folder, `${name}.json`);
    if (name && existsSync(file)) read(file, false);
  }
  const inline = env.NODE_CONFIG;
  if (inline?.trim()) sources.push({ name: 'NODE_CONFIG', strict: false, text: inline });
  const settingsFile = env.CTK_SETTINGS;
  if (!settingsFile) return sources;
  if (existsSync(settingsFile)) read(settingsFile, true);
  else
    problems.push(`CTK_SETTINGS: there is no file ${settingsFile}; give the path of a JSON or YAML file, or unset it`);
  return sources;
}

/** Tries JSON first, because it may be indented by tabs, which YAML does not allow. */
function parseSource({ name, text }: SettingsSource, problems: string[]): Json | undefined {
  const json = parseJson(text);
  // Loaded here, because most settings are JSON, or none.
  const yaml: typeof import('yaml') | undefined =
    json === undefined ? createRequire(import.meta.url)('yaml') : undefined;
  try {
    const parsed = object.safeParse(json ?? yaml?.parse(text) ?? {});
    if (parsed.success) return parsed.data;
    problems.push(`${name}: must hold an object of settings, such as {"disabledEvents": []}`);
  } catch (thrown) {
    // The parser's message is not shown, because it quotes the text, which may hold a secret.
    const [position] = yaml && thrown instanceof yaml.YAMLError ? (thrown.linePos ?? []) : [];
    problems.push(
      `${name}: neither JSON nor YAML${position ? `: see line ${position.line}, column ${position.col}` : ''}`,
    );
  }
  return undefined;
}

/** Removes unknown settings and events. @returns a problem for each that suggests the nearest known name */
function withoutUnknown(content: Json): { known: Json; unknown: string[] } {
  const { known, unknown } = splitKnown(content);
  const problems = unknown.map((path) => `there is no setting ${path}; did you mean ${nearestSetting(path)}?`);
  const events = z.array(z.unknown()).safeParse(known.disabledEvents);
  if (!events.success) return { known, unknown: problems };
  const isUnknown = (event: unknown) => typeof event === 'string' && !eventNames.has(event.trim());
  for (const event of events.data.filter(isUnknown))
    problems.push(`disabledEvents has no event ${event}; did you mean ${closest(String(event), [...eventNames])}?`);
  const disabledEvents = events.data.filter((event) => !isUnknown(event));
  return { known: { ...known, disabledEvents }, unknown: problems };
}

const eventNames: ReadonlySet<string> = new Set(disabledEventNames);

/** @returns the setting with a difference of one letter; else one with the same last name; else the nearest one */
function nearestSetting(path: string): string {
  const all = settingPaths();
  const nearest = closest(path, all);
  if (distance(path, nearest) === 1) return nearest;
  const lastName = (dotted: string) => dotted.split('.').at(-1);
  const sameName = all.filter((known) => lastName(known) === lastName(path));
  return sameName.length > 0 ? closest(path, sameName) : nearest;
}

function merge(base: Json, override: Json): Json {
  const merged: Json = { ...base };
  for (const [name, value] of Object.entries(override)) {
    const left = object.safeParse(merged[name]);
    const right = object.safeParse(value);
    merged[name] = left.success && right.success ? merge(left.data, right.data) : value;
  }
  return merged;
}
