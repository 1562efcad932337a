/** Of many runs the latest of each resource and kind: what a gauge can show. */
import type { Run } from '../engine/runs/run.ts';

export function latestOf(runs: readonly Run[]): Run[] {
  const groups = Map.groupBy(runs, ({ resource, kind }) => `${kind} ${resource}`).values();
  return [...groups].flatMap(([first, ...others]) =>
    first === undefined ? [] : [others.reduce((latest, one) => (one.id > latest.id ? one : latest), first)],
  );
}
