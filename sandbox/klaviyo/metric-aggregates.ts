/** Counts and sums of a metric's events by hour, day, week or month, in UTC. */
import type { Account } from './account.ts';
import type { Bodies } from './bodies.ts';
import { invalid, notFound, RequestError } from './errors.ts';

type Query = Bodies['query_metric_aggregates']['data']['attributes'];

const hourMs = 3_600_000;
const condition = /^(greater-or-equal|less-than)\(datetime,([-:.\dTZ]+)\)$/;

export function metricAggregates(account: Account, { metric_id, interval, filter, measurements, by }: Query) {
  if (account.events.metric(metric_id) === undefined)
    throw new RequestError(notFound(`A metric with id ${metric_id} does not exist.`));
  if (by && by.length > 0) throw new RequestError(invalid('The sandbox groups by time only.', '/data/attributes/by'));
  const [from, until] = ['greater-or-equal', 'less-than'].map((operator) => timeIn(filter, operator));
  if (from === undefined || until === undefined)
    throw new RequestError(invalid('The filter needs a range of datetime.', '/data/attributes/filter'));
  const starts: number[] = [];
  for (let start = startOf(from, interval); start < until; start = next(start, interval)) starts.push(start);
  const events = [...account.events.all()].filter(({ metric, time }) => {
    const at = Date.parse(time);
    return metric.id === metric_id && at >= from && at < until;
  });
  const byStart = Map.groupBy(events, ({ time }) => startOf(Date.parse(time), interval));
  const counted = starts.map((start) => byStart.get(start) ?? []);
  const results = {
    count: counted.map((some) => some.length),
    unique: counted.map((some) => new Set(some.map(({ profileId }) => profileId)).size),
    sum_value: counted.map((some) => some.reduce((sum, { value }) => sum + (value ?? 0), 0)),
  };
  return {
    dates: starts.map((start) => new Date(start).toISOString().replace('.000Z', '+00:00')),
    data: [{ dimensions: [], measurements: Object.fromEntries(measurements.map((name) => [name, results[name]])) }],
  };
}

function timeIn(filter: readonly string[], operator: string): number | undefined {
  const matches = filter.map((text) => condition.exec(text)).filter((match) => match?.[1] === operator);
  const time = matches[0]?.[2];
  return time === undefined ? undefined : Date.parse(time.endsWith('Z') ? time : `${time}Z`);
}

function startOf(at: number, interval: Query['interval']): number {
  const date = new Date(at);
  if (interval === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
  if (interval === 'hour') return Math.floor(at / hourMs) * hourMs;
  const day = Math.floor(at / (24 * hourMs)) * 24 * hourMs;
  return interval === 'week' ? day - ((date.getUTCDay() + 6) % 7) * 24 * hourMs : day;
}

function next(start: number, interval: Query['interval']): number {
  const date = new Date(start);
  if (interval === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
  return start + { hour: hourMs, day: 24 * hourMs, week: 7 * 24 * hourMs }[interval ?? 'day'];
}
