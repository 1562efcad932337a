/**
 * From which fields the values of changes came. Rules are pure, so it is found out by asking: one value of a record is
 * changed at a time, the rule is asked again, and what differs in its word depends on that value. No rule has to say it.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { RuleEvaluation } from '../../rules/types.ts';
import { at, differences, inside, leavesOf, type Path } from './json-paths.ts';
import type { Tweak } from './recording-lookups.ts';

/** What the values of a rule's changes depend on. */
export interface Origins {
  /** By change and path. */
  of(rule: string, path: Path): Origin;
  /** Places that decide whether the rule sends anything at all, or how much. */
  deciding(rule: string): string[];
  /** False: there was more than is looked at in one explanation, so some places are missing. */
  whole: boolean;
}

export interface Origin {
  /** What its value depends on, a plain copy first. */
  from: string[];
  /** It is the first of them as it stands there. */
  copied: boolean;
  /** What decides only whether it is there. */
  needs: string[];
}

export interface Tracing {
  /** Records by name, as they are. */
  sources: ReadonlyMap<string, unknown>;
  /** Asks all rules again with everything below one place changed. */
  ask(tweak: Tweak): Promise<RuleEvaluation[]>;
  /** What they said first. */
  before: readonly RuleEvaluation[];
}

interface Found {
  place: string;
  copied: boolean;
  gone: boolean;
}

/** It shares the process with realtime: so much time, in pieces. */
const maxMs = 2_000;
const pieceMs = 15;
/** Places shown of one value. */
const maxPlaces = 8;

export async function traceOrigins({ sources, ask, before }: Tracing): Promise<Origins> {
  const found = new Map<string, Found[]>();
  const decided = new Map<string, Set<string>>();
  const first = byRule(before);
  const asText = new Map([...first].map(([rule, changes]) => [rule, JSON.stringify(changes)]));
  const began = performance.now();
  let piece = began;
  let whole = true;

  /** @returns whether anything differs; notes what, for a single value */
  async function probe({ source, path }: Tweak, value: unknown): Promise<boolean> {
    const told = byRule(await ask({ source, path }));
    let differs = false;
    for (const [rule, changes] of first) {
      const now = told.get(rule);
      if (now !== undefined && JSON.stringify(now) === asText.get(rule)) continue;
      differs = true;
      if (inside(value).length > 0) continue;
      if (now === undefined || kindsOf(now) !== kindsOf(changes)) note(decided, rule, nameOf(source, path));
      else for (const changed of differences(changes, now)) keep(rule, changed, { source, path, value, changes });
    }
    return differs;
  }

  function keep(rule: string, changed: Changed, about: Tweak & { value: unknown; changes: unknown }): void {
    const { path, gone } = changed;
    const key = keyOf(rule, path);
    const copied = at(about.changes, path) === about.value;
    found.set(key, [...(found.get(key) ?? []), { place: nameOf(about.source, about.path), copied, gone }]);
  }

  async function walk(source: string, path: Path, value: unknown): Promise<void> {
    const now = performance.now();
    if (now - began > maxMs) {
      whole = false;
      return;
    }
    if (now - piece > pieceMs) {
      await breathe();
      piece = performance.now();
    }
    // All of it at once: what changes nothing as a whole need not be taken apart.
    if (leavesOf(value).next().done || !(await probe({ source, path }, value))) return;
    for (const [name, inner] of inside(value)) await walk(source, [...path, name], inner);
  }

  for (const [source, record] of sources) for (const [name, value] of inside(record)) await walk(source, [name], value);
  return {
    whole,
    of: (rule, path) => originOf(found.get(keyOf(rule, path)) ?? []),
    deciding: (rule) => [...(decided.get(rule) ?? [])],
  };
}

type Changed = { path: Path; gone: boolean };

function originOf(places: readonly Found[]): Origin {
  const copies = places.filter(({ copied }) => copied);
  const others = places.filter(({ copied }) => !copied);
  const bearing = [...copies, ...others.filter(({ gone }) => !gone)];
  const needed = others.filter(({ gone }) => gone);
  const names = (some: readonly Found[]) => some.slice(0, maxPlaces).map(({ place }) => place);
  // What nothing turns into another value, such as a fixed word that is there or not, comes from what decides that.
  return bearing.length > 0
    ? { from: names(bearing), copied: copies.length > 0, needs: names(needed) }
    : { from: names(needed), copied: false, needs: [] };
}

/** As many changes of the same kinds: else nothing can be compared value by value. */
function kindsOf(changes: unknown): string {
  return inside(changes)
    .map(([, change]) => at(change, ['kind']))
    .join();
}

/** Each rule's changes; a rule without a word has none. */
function byRule(told: readonly RuleEvaluation[]): Map<string, unknown[]> {
  return new Map(told.flatMap((one) => (one.outcome === 'mapped' ? [[one.rule, one.output.changes]] : [])));
}

function note(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value));
}

function nameOf(source: string, path: Path): string {
  return `${source}: ${path.join('.')}`;
}

function keyOf(rule: string, path: Path): string {
  return JSON.stringify([rule, ...path]);
}
