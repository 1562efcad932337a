/**
 * Compares the records that two runs sent to Klaviyo, to show that a change of the code left them as they were:
 * `node scripts/compare-records.ts LEFT RIGHT`. Each file was written by the sandbox with KLAVIYO_RECORD set.
 * The text of --help below says what is compared and what is not.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { recordsOf, sortKeys } from './split-records.ts';

const help = `node scripts/compare-records.ts LEFT RIGHT [--now ISO]... [--mask REGEX]... [--most N]

Compares the records in two recordings (KLAVIYO_RECORD) of requests to Klaviyo. Exits 0 when they are equal, 1 with the
differences, 2 when it can't compare.

A record is one event, profile, catalogue item, variant or category: bodies of bulk jobs are split, and a record sent
alone equals the same record in a bulk body. It is found on the other side by kind and identity (an event by metric and
unique_id, a profile by external_id, else e-mail, else phone number, a catalogue record by verb and id).

Not compared, because it depends on timing and not on what is sent:
  - which records share a body, whether a record goes alone or in bulk, the order of requests and of fields;
  - how often the very same record is sent: a repetition counts once (a retry, a message that came twice);
  - requests without a body (reads, and single deletions): the recording does not hold them.
Never dropped: two different contents for one record are two contents, and both sides must have both.

Replaced before comparing, since it is made anew in each run:
  - ids: a UUID, 8 hexadecimal digits that stand alone, or 8 letters and digits in a field "id", become <id-n> if they
    occur in one recording only. They are numbered within their record: where a record repeats an id, the other side
    must repeat it too. An id that both recordings hold is compared as it is. The number of replaced ids is printed: if
    it is higher than between two runs of one commit, or differs between both sides, ids were changed. Which other
    record holds the same new id is not compared;
  - times from --now to 30 minutes later become <now format>; all others are compared as they are. Whether two of them
    are equal is not compared: it depends on the millisecond. --now is the start of the clock of a run,
    2026-01-15T10:00:00Z unless given; give it twice where the runs had different clocks;
  - ids that the sandbox's Klaviyo gives (01P000…) become <klaviyo-id>: they follow the order in which records arrive.
    So merges are compared by number only;
  - ports in http://127.0.0.1:PORT;
  - what --mask matches becomes <mask-n>. Recordings of test/rows need --mask '\\b[0-9a-f]{32}\\b': ctk_categories is a hash
    of category ids, some of which are new in each run. It also serves for counters in test data that move when tests
    move to another file, such as --mask '(?<=151 ?)2\\d{7}' for phone numbers. Recordings of the sandbox need none.`;

const line = z.object({ method: z.string(), path: z.string(), operation: z.string(), body: z.unknown() });
// Ids are UUIDs; test data use their first 8 digits too. Addresses have 8 letters and digits, as commercetools gives them.
const tokens =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-zA-Z])[0-9a-f]{8}(?![0-9a-zA-Z])|(?<="id":")[0-9a-z]{8}(?=")/g;
const times = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
const windowMs = 30 * 60_000;

export interface Options {
  /** Starts of the clocks, ISO 8601. */
  now: readonly string[];
  masks: readonly RegExp[];
}

export interface Difference {
  /** Kind and identity. */
  record: string;
  /** The same as one of the sides has it, before anything was replaced. */
  example: string;
  /** Where in the record; empty: the whole record. */
  path: string;
  left: string;
  right: string;
}

export interface Comparison {
  /** Distinct records by kind. */
  counts: Map<string, { left: number; right: number }>;
  /** Ids that occur on one side only. */
  ids: { left: number; right: number };
  differences: Difference[];
}

/** A record as JSON text with sorted fields, and as it was before anything was replaced. */
interface Prepared {
  kind: string;
  key: string;
  content: string;
  raw: string;
}

/** @returns the distinct records of a recording: [kind, identity, content] as JSON text */
async function read(file: string): Promise<Set<string>> {
  const found = new Set<string>();
  let merges = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    for (const { kind, identity, content } of recordsOf(line.parse(JSON.parse(text)))) {
      // Their ids say nothing outside of their own run of the sandbox, so equal ones are not the same one.
      merges += kind === 'profile merge' ? 1 : 0;
      found.add(JSON.stringify([kind, kind === 'profile merge' ? `merge ${merges}` : identity, sortKeys(content)]));
    }
  }
  return found;
}

function tokensOf(records: ReadonlySet<string>): Set<string> {
  return new Set([...records].flatMap((record) => record.match(tokens) ?? []));
}

function prepare(raw: string, isNew: (token: string) => boolean, { now, masks }: Options): Prepared {
  const number = createNumbers();
  const starts = now.map((start) => Date.parse(start));
  let text = raw
    .replaceAll(times, (time) => {
      const at = Date.parse(time);
      const isNow = starts.some((start) => at >= start && at < start + windowMs);
      return isNow ? `<now ${time.replaceAll(/\d/g, 'd')}>` : time;
    })
    .replaceAll(/(https?:\/\/(?:127\.0\.0\.1|localhost)):\d+/g, '$1:<port>')
    .replaceAll(/01[A-Z][A-Z0]{5}\d{18}/g, '<klaviyo-id>')
    .replaceAll(tokens, (token) => {
      if (!isNew(token)) return token;
      return `<id-${number('id', token.slice(0, 8))}${token.length === 8 ? ':8' : ''}>`;
    });
  for (const mask of masks) text = text.replaceAll(mask, (match) => `<mask-${number('mask', match)}>`);
  const [kind, identity, content] = z.tuple([z.string(), z.string(), z.unknown()]).parse(JSON.parse(text));
  const key = `${kind} ${kind === 'profile merge' ? '' : identity}`.trim();
  return { kind, key, content: JSON.stringify(content), raw };
}

/** Numbers values in the order in which they come, each kind for itself. */
function createNumbers() {
  const seen = new Map<string, number>();
  const last = new Map<string, number>();
  return (kind: string, value: string): number => {
    const known = seen.get(`${kind} ${value}`);
    if (known !== undefined) return known;
    const next = (last.get(kind) ?? 0) + 1;
    last.set(kind, next);
    seen.set(`${kind} ${value}`, next);
    return next;
  };
}

/** Compares two recordings. */
export async function compareRecordings(left: string, right: string, options: Options): Promise<Comparison> {
  const raw = { left: await read(left), right: await read(right) };
  const known = { left: tokensOf(raw.left), right: tokensOf(raw.right) };
  const onlyLeft = known.left.difference(known.right);
  const onlyRight = known.right.difference(known.left);
  const prepared = {
    left: [...raw.left].map((record) => prepare(record, (token) => onlyLeft.has(token), options)),
    right: [...raw.right].map((record) => prepare(record, (token) => onlyRight.has(token), options)),
  };
  const counts: Comparison['counts'] = new Map();
  for (const side of ['left', 'right'] as const) {
    for (const { kind } of prepared[side]) {
      const count = counts.get(kind) ?? { left: 0, right: 0 };
      count[side] += 1;
      counts.set(kind, count);
    }
  }
  const byKey = {
    left: Map.groupBy(prepared.left, ({ key }) => key),
    right: Map.groupBy(prepared.right, ({ key }) => key),
  };
  const differences = [...new Set([...byKey.left.keys(), ...byKey.right.keys()])].flatMap((key) =>
    differencesOf(key, byKey.left.get(key) ?? [], byKey.right.get(key) ?? []),
  );
  return { counts, ids: { left: onlyLeft.size, right: onlyRight.size }, differences };
}

/** What is left when all that both have was taken away, each paired with what it is most like. */
function differencesOf(key: string, left: readonly Prepared[], right: readonly Prepared[]): Difference[] {
  const restLeft = without(left, right);
  const restRight = without(right, left);
  const found: Difference[] = [];
  for (const one of restLeft) {
    const value: unknown = JSON.parse(one.content);
    const candidates = restRight.map((other) => ({ other, paths: pathsBetween(value, JSON.parse(other.content)) }));
    const [nearest] = candidates.toSorted((a, b) => a.paths.length - b.paths.length);
    const example = exampleOf(one);
    if (nearest === undefined) {
      found.push({ record: key, example, path: '', left: one.content, right: 'missing' });
      continue;
    }
    restRight.splice(restRight.indexOf(nearest.other), 1);
    found.push(...nearest.paths.map((difference) => ({ record: key, example, ...difference })));
  }
  for (const one of restRight)
    found.push({ record: key, example: exampleOf(one), path: '', left: 'missing', right: one.content });
  return found;
}

/** Each takes away one of its like. */
function without(those: readonly Prepared[], taken: readonly Prepared[]): Prepared[] {
  const left = new Map<string, number>();
  for (const { content } of taken) left.set(content, (left.get(content) ?? 0) + 1);
  return those.filter(({ content }) => {
    const count = left.get(content) ?? 0;
    left.set(content, count - 1);
    return count <= 0;
  });
}

function exampleOf({ raw }: Prepared): string {
  const [kind, identity] = z.tuple([z.string(), z.string(), z.unknown()]).parse(JSON.parse(raw));
  return `${kind} ${identity}`;
}

type PathDifference = Pick<Difference, 'path' | 'left' | 'right'>;

function pathsBetween(left: unknown, right: unknown, path = '$'): PathDifference[] {
  const [one, other] = [fieldsOf(left), fieldsOf(right)];
  if (one === undefined || other === undefined || Array.isArray(left) !== Array.isArray(right)) {
    const texts = { left: textOf(left), right: textOf(right) };
    return texts.left === texts.right ? [] : [{ path, ...texts }];
  }
  const names = new Set([...one.keys(), ...other.keys()]);
  const step = (name: string) => (Array.isArray(left) ? `${path}[${name}]` : `${path}.${name}`);
  return [...names].flatMap((name) => pathsBetween(one.get(name), other.get(name), step(name)));
}

function fieldsOf(value: unknown): Map<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
}

function textOf(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

const maxShownOfValue = 300;

function print({ counts, ids, differences }: Comparison, most: number): void {
  const rows = [...counts].sort(([a], [b]) => a.localeCompare(b));
  const width = Math.max(...rows.map(([kind]) => kind.length));
  console.log(`${'distinct records'.padEnd(width)}    left   right`);
  for (const [kind, { left, right }] of rows)
    console.log(`${kind.padEnd(width)}  ${String(left).padStart(6)}  ${String(right).padStart(6)}`);
  console.log(`ids that occur on one side only, replaced: ${ids.left} left, ${ids.right} right`);
  const short = (text: string) => (text.length > maxShownOfValue ? `${text.slice(0, maxShownOfValue)}…` : text);
  for (const { record, example, path, left, right } of differences.slice(0, most)) {
    console.log(`\n${record}${path === '' ? '' : `  ${path}`}${example === record ? '' : `  (${example})`}`);
    console.log(`  left   ${short(left)}\n  right  ${short(right)}`);
  }
  if (differences.length > most) console.log(`\n… and ${differences.length - most} more`);
  const records = new Set(differences.map(({ example }) => example)).size;
  console.log(differences.length === 0 ? '\nequal' : `\n${differences.length} differences in ${records} records`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      now: { type: 'string', multiple: true, default: ['2026-01-15T10:00:00Z'] },
      mask: { type: 'string', multiple: true, default: [] },
      most: { type: 'string', default: '50' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [left, right] = positionals;
  if (values.help || left === undefined || right === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const unread = values.now.find((start) => Number.isNaN(Date.parse(start)));
  if (unread !== undefined) {
    console.error(`--now ${unread} is not a time`);
    return 2;
  }
  const masks = values.mask.map((text) => new RegExp(text, 'g'));
  const comparison = await compareRecordings(left, right, { now: values.now, masks });
  if ([...comparison.counts.values()].every((count) => count.left === 0 || count.right === 0)) {
    console.error('Nothing to compare: the recordings have no kind of record in common');
    return 2;
  }
  print(comparison, Number(values.most));
  return comparison.differences.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
