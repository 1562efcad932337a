/**
 * Where settings come from, later wins: the incumbent's files in NODE_CONFIG_DIR, its NODE_CONFIG, then the file that
 * CTK_SETTINGS names. Objects are merged, lists replaced. What the incumbent's places say and nobody knows is a warning:
 * a stale name must not stop somebody who switches. In the file that was written for this service it is a mistake.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { parse as parseYaml, YAMLError } from 'yaml';
import { z } from 'zod';
import { disabledEventNames } from '../../rules/settings.ts';
import { complaintOf } from './issue-message.ts';
import { partKnown, type Settings, settingPaths, settingsSchema } from './settings.ts';

type Json = Record<string, unknown>;

export interface ReadSettings {
  settings: Settings;
  /** Places that said something, in the order in which they were read. */
  sources: string[];
  /** What each of them said that is known. */
  said: { place: string; known: Json }[];
  problems: string[];
  warnings: string[];
}

interface Place {
  name: string;
  /** Unknown names are a mistake here; in the incumbent's places a warning. */
  strict: boolean;
  text: string;
}

const object = z.record(z.string(), z.unknown());

/** @param environment the variables that name the places */
export function readSettings(environment: Record<string, string | undefined>): ReadSettings {
  const problems: string[] = [];
  const warnings: string[] = [];
  const sources: string[] = [];
  const told: ReadSettings['said'] = [];
  let merged: Json = {};
  for (const place of placesOf(environment, problems)) {
    const said = parsePlace(place, problems);
    if (said === undefined) continue;
    sources.push(place.name);
    const { known, unknown } = withoutUnknown(said);
    if (place.strict) problems.push(...unknown.map((what) => `${place.name}: ${what}`));
    else warnings.push(...unknown.map((what) => `${place.name}: ${what} It is ignored.`));
    const parsed = settingsSchema.safeParse(known, { reportInput: true });
    if (parsed.success) {
      merged = merge(merged, known);
      told.push({ place: place.name, known });
    } else problems.push(...parsed.error.issues.map((issue) => `${place.name}: ${complaintOf(issue)}`));
  }
  return { settings: settingsSchema.parse(merged), sources, said: told, problems, warnings };
}

function placesOf(environment: Record<string, string | undefined>, problems: string[]): Place[] {
  const places: Place[] = [];
  const read = (name: string, strict: boolean) => {
    try {
      places.push({ name, strict, text: readFileSync(name, 'utf8') });
    } catch (thrown) {
      problems.push(`${name}: can't be read (${codeOf(thrown)}); it must be a file that this process may read`);
    }
  };
  const folder = environment.NODE_CONFIG_DIR || './config';
  for (const name of ['default', environment.NODE_ENV, 'local']) {
    const file = join(folder, `${name}.json`);
    if (name && existsSync(file)) read(file, false);
  }
  const inline = environment.NODE_CONFIG;
  if (inline?.trim()) places.push({ name: 'NODE_CONFIG', strict: false, text: inline });
  const own = environment.CTK_SETTINGS;
  if (!own) return places;
  if (existsSync(own)) read(own, true);
  else problems.push(`CTK_SETTINGS: there is no file ${own}; give the path of a JSON or YAML file, or unset it`);
  return places;
}

/** JSON first: it may be indented by tabs, which YAML does not take. */
function parsePlace({ name, text }: Place, problems: string[]): Json | undefined {
  try {
    const parsed = object.safeParse(parseJson(text) ?? parseYaml(text) ?? {});
    if (parsed.success) return parsed.data;
    problems.push(`${name}: must hold an object of settings, such as {"disabledEvents": []}`);
  } catch (thrown) {
    // The parser's own words quote the text, which may hold a secret.
    const [at] = thrown instanceof YAMLError ? (thrown.linePos ?? []) : [];
    problems.push(`${name}: neither JSON nor YAML${at ? `: see line ${at.line}, column ${at.col}` : ''}`);
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without unknown settings and events; each is named with the nearest known one. */
function withoutUnknown(said: Json): { known: Json; unknown: string[] } {
  const { known, unknown } = partKnown(said);
  const complaints = unknown.map((path) => `there is no setting ${path}; did you mean ${nearestSetting(path)}?`);
  const events = z.array(z.unknown()).safeParse(known.disabledEvents);
  if (!events.success) return { known, unknown: complaints };
  const isUnknown = (event: unknown) => typeof event === 'string' && !eventNames.has(event.trim());
  for (const event of events.data.filter(isUnknown))
    complaints.push(`disabledEvents has no event ${event}; did you mean ${closest(String(event), [...eventNames])}?`);
  const disabledEvents = events.data.filter((event) => !isUnknown(event));
  return { known: { ...known, disabledEvents }, unknown: complaints };
}

const eventNames: ReadonlySet<string> = new Set(disabledEventNames);

/** One letter off; else among those that end in the same name, if there are any: it often only stands in the wrong place. */
function nearestSetting(path: string): string {
  const all = settingPaths();
  const nearest = closest(path, all);
  if (distance(path, nearest) === 1) return nearest;
  const last = (one: string) => one.split('.').at(-1);
  const namesakes = all.filter((one) => last(one) === last(path));
  return namesakes.length > 0 ? closest(path, namesakes) : nearest;
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

function codeOf(thrown: unknown): string {
  const coded = z.looseObject({ code: z.string() }).safeParse(thrown);
  return coded.success ? coded.data.code : 'unreadable';
}
