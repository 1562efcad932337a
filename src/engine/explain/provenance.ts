/**
 * Traces from which fields the values of changes come. Rules are pure, so this works by perturbation: one value of a record
 * is changed at a time and all rules are evaluated again; what differs in their output depends on that value.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { RuleEvaluation } from '../../rules/types.ts';
import { differences, entriesOf, leavesOf, type Path, valueAt } from './json-paths.ts';
import type { Perturbation } from './recording-lookups.ts';

/** What the values of each rule's changes depend on. */
export interface Provenance {
  /** @param path the index of the change, then the path within it */
  of(rule: string, path: Path): Origin;
  /** Fields that decide whether, or how often, the rule sends something. */
  deciding(rule: string): string[];
  /** False if the records were too large to trace every field in time. */
  isComplete: boolean;
}

export interface Origin {
  /** Fields that the value depends on, plain copies first. */
  from: string[];
  /** The value equals the first of them. */
  copied: boolean;
  /** Fields that decide only whether the value is present. */
  needs: string[];
}

export interface TraceOptions {
  /** Unchanged records by name. */
  sources: ReadonlyMap<string, unknown>;
  /** Evaluates all rules with the values below one path changed. */
  evaluate(perturbation: Perturbation): Promise<RuleEvaluation[]>;
  /** The evaluations of the unchanged records. */
  original: readonly RuleEvaluation[];
}

interface Dependency {
  field: string;
  copied: boolean;
  /** The value was absent after the perturbation. */
  removed: boolean;
}

/**
 * The trace shares the process with realtime, so it is limited and runs in slices. Counted in values that are evaluated
 * again, so that the same record is always traced as far: an order with 300 values takes 100,000, about half a second.
 */
const maxEvaluatedValues = 500_000;
const sliceMs = 15;
const maxFields = 8;

export async function traceProvenance({ sources, evaluate, original }: TraceOptions): Promise<Provenance> {
  const dependencies = new Map<string, Dependency[]>();
  const decidingFields = new Map<string, Set<string>>();
  const originalChanges = changesByRule(original);
  const originalText = new Map([...originalChanges].map(([rule, changes]) => [rule, JSON.stringify(changes)]));
  const valuesPerProbe = [...sources.values()].reduce<number>((sum, record) => sum + countLeaves(record), 0);
  let sliceStartedAt = performance.now();
  let evaluatedValues = 0;
  let isComplete = true;

  /** Perturbs one path, and notes the differences if it is a leaf. @returns whether any output differs */
  async function probe({ source, path }: Perturbation, value: unknown): Promise<boolean> {
    evaluatedValues += valuesPerProbe;
    const perturbed = changesByRule(await evaluate({ source, path }));
    let differs = false;
    for (const [rule, changes] of originalChanges) {
      const changed = perturbed.get(rule);
      if (changed !== undefined && JSON.stringify(changed) === originalText.get(rule)) continue;
      differs = true;
      if (entriesOf(value).length > 0) continue;
      const field = `${source}: ${path.join('.')}`;
      if (changed === undefined || typesOf(changed) !== typesOf(changes))
        decidingFields.set(rule, (decidingFields.get(rule) ?? new Set()).add(field));
      else
        for (const { path: changedPath, removed } of differences(changes, changed)) {
          const key = keyOf(rule, changedPath);
          const copied = valueAt(changes, changedPath) === value;
          dependencies.set(key, [...(dependencies.get(key) ?? []), { field, copied, removed }]);
        }
    }
    return differs;
  }

  async function trace(source: string, path: Path, value: unknown): Promise<void> {
    if (evaluatedValues >= maxEvaluatedValues) {
      isComplete = false;
      return;
    }
    if (performance.now() - sliceStartedAt > sliceMs) {
      await yieldToEventLoop();
      sliceStartedAt = performance.now();
    }
    // Perturbs everything below the path at once: without a difference there is no need to go deeper.
    if (leavesOf(value).next().done || !(await probe({ source, path }, value))) return;
    for (const [name, inner] of entriesOf(value)) await trace(source, [...path, name], inner);
  }

  for (const [source, record] of sources)
    for (const [name, value] of entriesOf(record)) await trace(source, [name], value);
  return {
    isComplete,
    of: (rule, path) => originOf(dependencies.get(keyOf(rule, path)) ?? []),
    deciding: (rule) => [...(decidingFields.get(rule) ?? [])],
  };
}

function countLeaves(value: unknown): number {
  return [...leavesOf(value)].length;
}

function originOf(dependencies: readonly Dependency[]): Origin {
  const copies = dependencies.filter(({ copied }) => copied);
  const computed = dependencies.filter(({ copied }) => !copied);
  const origins = [...copies, ...computed.filter(({ removed }) => !removed)];
  const conditions = computed.filter(({ removed }) => removed);
  const fields = (list: readonly Dependency[]) => list.slice(0, maxFields).map(({ field }) => field);
  // A fixed value that is only present or absent comes from what decides that.
  return origins.length > 0
    ? { from: fields(origins), copied: copies.length > 0, needs: fields(conditions) }
    : { from: fields(conditions), copied: false, needs: [] };
}

/** Outputs with changes of different types can't be compared value by value. */
function typesOf(changes: unknown): string {
  return entriesOf(changes)
    .map(([, change]) => valueAt(change, ['type']))
    .join();
}

function changesByRule(evaluations: readonly RuleEvaluation[]): Map<string, unknown[]> {
  const mapped = evaluations.filter((evaluation) => evaluation.outcome === 'mapped');
  return new Map(mapped.map(({ rule, output }) => [rule, output.changes]));
}

function keyOf(rule: string, path: Path): string {
  return JSON.stringify([rule, ...path]);
}
