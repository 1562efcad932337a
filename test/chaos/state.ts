/** What Klaviyo holds in a form that two accounts can be compared by: without Klaviyo's own ids and times of receipt. */
import { z } from 'zod';

type Json = Record<string, unknown>;

export interface State {
  /** By kind and identity, such as `event Placed Order <unique id>`: what there is. Several where there should be one. */
  records: Map<string, Json[]>;
}

const listed = z.object({ data: z.array(z.record(z.string(), z.unknown())) });
const owner = z.object({ email: z.string().nullish(), external_id: z.string().nullish() });

/** Klaviyo's own, and what differs by when a record came. */
const klaviyoFields = new Set([
  'id',
  'created',
  'updated',
  'seq',
  'consents',
  'backfill',
  'wouldTriggerFlows',
  'items',
]);

export async function stateOf(klaviyoUrl: string): Promise<State> {
  const read = async (what: string) => listed.parse(await (await fetch(`${klaviyoUrl}/sandbox/${what}`)).json()).data;
  const records = new Map<string, Json[]>();
  const add = (key: string, record: Json) => {
    const storedValues = Object.fromEntries(Object.entries(record).filter(([name]) => !klaviyoFields.has(name)));
    records.set(key, [...(records.get(key) ?? []), storedValues]);
  };
  for (const one of await read('profiles')) add(`profile ${nameOf(one)}`, one);
  for (const one of await read('events'))
    add(`event ${one.metric} ${one.unique_id}`, { ...one, profile: nameOf(one.profile) });
  for (const one of await read('categories')) add(`category ${one.external_id}`, one);
  for (const { variants: _, categories, ...one } of await read('items'))
    add(`item ${one.external_id}`, { ...one, categories: [categories].flat().toSorted() });
  for (const one of await read('variants')) add(`variant ${one.external_id}`, one);
  return { records };
}

function nameOf(profile: unknown): string {
  const { email, external_id } = owner.parse(profile);
  return external_id ?? email?.toLowerCase() ?? '?';
}

export interface Allowed {
  /** May be there or not. */
  absent(key: string): boolean;
  /** May be there for several people. */
  several(key: string): boolean;
  /** Differences that the moment of reading explains; `path` such as `properties.Categories`. */
  differs(key: string, path: string, one: unknown, other: unknown): boolean;
}

/** @returns a line for each difference; ids and paths, and values of what holds no personal data */
export function differencesOf(wanted: State, found: State, { absent, several, differs }: Allowed): string[] {
  const keys = new Set([...wanted.records.keys(), ...found.records.keys()]);
  return [...keys].flatMap((key) => {
    const [want = [], have = []] = [wanted.records.get(key), found.records.get(key)];
    if (have.length > 1 && !several(key))
      return [`${have.length} times: ${key}: ${have.map(({ profile }) => profile)}`];
    const [expected, actual] = [want[0], have[0]];
    if (!(actual && expected) && absent(key)) return [];
    if (!actual) return [`missing: ${key}`];
    if (!expected) return [`too much: ${key}`];
    return pathsOf(expected, actual, '')
      .filter(({ path, one, other }) => !differs(key, path, one, other))
      .map(({ path, one, other }) => `${key} ${path}: ${brief(one)} is meant, ${brief(other)} is there`);
  });
}

interface Difference {
  path: string;
  one: unknown;
  other: unknown;
}

function pathsOf(one: unknown, other: unknown, path: string): Difference[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  if (!isRecord(one) || !isRecord(other)) return [{ path, one, other }];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.flatMap((name) => pathsOf(one[name], other[name], path === '' ? name : `${path}.${name}`));
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 120);
}
