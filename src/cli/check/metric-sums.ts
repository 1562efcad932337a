/** Counts and sums of our Placed Order metric. https://developers.klaviyo.com/en/reference/query_metric_aggregates */
import { z } from 'zod';
import { isOfApi, metricList } from '../../klaviyo/metric-ids.ts';
import { type CheckDeps, callKlaviyo } from './finding.ts';

const numbers = z.array(z.number()).default([]);
const aggregates = z.object({
  data: z.object({
    attributes: z.object({
      dates: z.array(z.string()),
      data: z.array(z.looseObject({ measurements: z.object({ count: numbers, unique: numbers, sum_value: numbers }) })),
    }),
  }),
});

export interface MetricSums {
  interval: 'day' | 'month';
  from: Date;
  until: Date;
}

export interface MetricSum {
  /** Start of the day or month. */
  date: string;
  count: number;
  /** Profiles with an event within this day or month. */
  profiles: number;
  value: number;
}

/** @returns one entry for each day or month; undefined if the metric does not exist or can't be read */
export async function placedOrderSums(
  { config, klaviyo }: Pick<CheckDeps, 'config' | 'klaviyo'>,
  { interval, from, until }: MetricSums,
): Promise<MetricSum[] | undefined> {
  const listed = await callKlaviyo(klaviyo, { endpoint: 'listMetrics' });
  const all = listed.ok ? metricList.safeParse(listed.body).data?.data : undefined;
  const { placedOrder } = config.rules.order.metrics;
  const metric = all?.find((each) => each.attributes.name === placedOrder && isOfApi(each));
  if (!metric) return undefined;
  const attributes = {
    metric_id: metric.id,
    measurements: ['count', 'unique', 'sum_value'],
    interval,
    filter: [`greater-or-equal(datetime,${timeOf(from)})`, `less-than(datetime,${timeOf(until)})`],
    timezone: 'UTC',
  };
  const body = { data: { type: 'metric-aggregate', attributes } };
  const result = await callKlaviyo(klaviyo, { endpoint: 'queryMetricAggregates', body });
  const parsed = result.ok ? aggregates.safeParse(result.body) : undefined;
  if (!parsed?.success) return undefined;
  const { dates, data } = parsed.data.data.attributes;
  const total = (name: 'count' | 'unique' | 'sum_value', index: number) =>
    data.reduce((sum, { measurements }) => sum + (measurements[name][index] ?? 0), 0);
  return dates.map((date, index) => ({
    ...{ date, count: total('count', index), profiles: total('unique', index), value: total('sum_value', index) },
  }));
}

/** The endpoint takes times without a zone, which are of `timezone`. */
function timeOf(date: Date): string {
  return date.toISOString().slice(0, 19);
}
