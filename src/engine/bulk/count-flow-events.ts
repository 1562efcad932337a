/** Counts the events of a sync that can trigger flows, by evaluating its first records without sending anything. */
import { countOf, iteratePages, type PageQuery } from '../../commercetools/pagination.ts';
import type { Cause, RuleEvaluation } from '../../rules/types.ts';
import type { CountFlowEvents } from '../runs/flow-confirmation.ts';
import type { RunRequest } from '../runs/run.ts';
import type { BulkDeps } from './types.ts';

/** Enough for an estimate: pages in the order of ids are a random sample. */
const maxEvaluated = 500;
/** No record is modified later than that. */
const untilMarginMs = 24 * 60 * 60 * 1_000;

type FlowCountDeps = Pick<BulkDeps, 'client' | 'selectRules' | 'evaluate' | 'clock' | 'pageSize'>;

export function createFlowCount({ client, selectRules, evaluate, clock, pageSize }: FlowCountDeps): CountFlowEvents {
  return async (resource, request) => {
    // Every rule, also a custom one, sends backfill events in any other sync.
    if (request.backfill !== false) return undefined;
    const cause: Cause = { type: 'run', runId: 'flow-count', backfill: false };
    const query = queryOf(request, clock.latest());
    let [evaluated, events] = [0, 0];
    for await (const { records, requested } of iteratePages(client, {
      resource,
      query: firstOf(query),
      pageSize: pageSize[resource],
    })) {
      const evaluations = await evaluate({ records }, selectRules.forRun(resource), cause);
      events += countFlowEvents(evaluations);
      evaluated += requested;
      if (evaluated >= maxEvaluated) break;
    }
    const total = 'ids' in query ? query.ids.length : await countOf(client, resource, query);
    const records = Math.max(evaluated, total ?? 0);
    const isExact = records === evaluated;
    if (events === 0 && isExact) return undefined;
    return { events: isExact ? events : Math.max(1, Math.round((events * records) / evaluated)), records, isExact };
  };
}

function queryOf({ ids, startId, since }: RunRequest, now: Date): PageQuery {
  if (ids) return { ids };
  if (since === undefined) return { from: startId };
  return { since, until: new Date(now.getTime() + untilMarginMs).toISOString() };
}

function firstOf(query: PageQuery): PageQuery {
  return 'ids' in query ? { ids: query.ids.slice(0, maxEvaluated) } : query;
}

function countFlowEvents(evaluations: readonly RuleEvaluation[]): number {
  const changes = evaluations.flatMap((evaluation) =>
    evaluation.outcome === 'mapped' ? evaluation.output.changes : [],
  );
  return changes.filter((change) => change.type === 'event' && !change.backfill).length;
}
