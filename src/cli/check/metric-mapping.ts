/**
 * Checks and sets which metrics Klaviyo's own reports and predictions use.
 * https://developers.klaviyo.com/en/reference/get_mapped_metrics
 */
import { z } from 'zod';
import type { ApiResult } from '../../klaviyo/api/client.ts';
import { endpoints } from '../../klaviyo/api/endpoints.ts';
import { isOfApi, type Metric, metricList } from '../../klaviyo/metric-ids.ts';
import { metricNames, type RuleSettings } from '../../rules/settings.ts';
import type { Terminal } from '../output/terminal.ts';
import { type CheckDeps, callKlaviyo, type Finding, ok, warning } from './finding.ts';

interface ExpectedMapping {
  /** Klaviyo's id of the mapping. */
  mapping: string;
  /** Name of our metric. */
  metricOf(settings: RuleSettings): string;
  use: string;
}

const expectedMappings: readonly ExpectedMapping[] = [
  {
    mapping: 'revenue',
    metricOf: ({ order }) => order.metrics.placedOrder,
    use: 'predictions, lifetime value and revenue',
  },
  { mapping: 'ordered_product', metricOf: ({ order }) => order.metrics.orderedProduct, use: 'product analysis' },
  { mapping: 'cancelled_sales', metricOf: ({ order }) => order.metrics.cancelledOrder, use: 'lifetime value' },
  { mapping: 'refunded_sales', metricOf: ({ order }) => order.metrics.refundedOrder, use: 'lifetime value' },
  {
    mapping: 'started_checkout',
    metricOf: ({ carts, order }) => (carts.enabled ? order.metrics.startedCheckout : ''),
    use: 'funnels',
  },
  {
    mapping: 'added_to_cart',
    metricOf: ({ carts, order }) => (carts.enabled ? order.metrics.addedToCart : ''),
    use: 'funnels',
  },
];

const related = z.looseObject({ data: z.looseObject({ id: z.string() }).nullish() }).optional();
const mappedSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      relationships: z.looseObject({ metric: related, 'custom-metric': related }).optional(),
    }),
  ),
});

interface MetricMapping {
  mapping: string;
  use: string;
  /** Name of our metric. */
  expected: string;
  /** Undefined before the first event of our metric. */
  expectedId: string | undefined;
  current: 'none' | 'expected' | 'ours' | 'other';
  /** The metric that is mapped now, such as `Placed Order of Shopify`. */
  currentName: string;
}

/** @returns undefined if the key may not read metrics, or Klaviyo does not answer */
async function readMappings({
  config,
  klaviyo,
}: Pick<CheckDeps, 'config' | 'klaviyo'>): Promise<MetricMapping[] | undefined> {
  const [mappedResult, metricsResult] = [
    await callKlaviyo(klaviyo, { endpoint: 'listMappedMetrics', query: { include: 'metric,custom-metric' } }),
    await callKlaviyo(klaviyo, { endpoint: 'listMetrics' }),
  ];
  const mapped = bodyOf(mappedResult, mappedSchema);
  const metrics = bodyOf(metricsResult, metricList)?.data;
  if (!mapped || !metrics) return undefined;
  const byId = new Map(metrics.map((metric) => [metric.id, metric]));
  const mappedTo = new Map(
    mapped.data.map(({ id, relationships }) => [
      id,
      relationships?.metric?.data?.id ?? relationships?.['custom-metric']?.data?.id,
    ]),
  );
  const ourNames = new Set<string>([
    ...Object.values(metricNames),
    ...expectedMappings.map(({ metricOf }) => metricOf(config.rules)),
  ]);
  // A rule without a metric name is off.
  const used = expectedMappings.filter(({ metricOf }) => metricOf(config.rules) !== '');
  return used.map(({ mapping, metricOf, use }) => {
    const expected = metricOf(config.rules);
    const expectedId = metrics.find((metric) => metric.attributes.name === expected && isOfApi(metric))?.id;
    const currentId = mappedTo.get(mapping);
    const known = currentId === undefined ? undefined : byId.get(currentId);
    const isOurs = known !== undefined && isOfApi(known) && ourNames.has(known.attributes.name);
    const current =
      currentId === undefined ? 'none' : currentId === expectedId ? 'expected' : isOurs ? 'ours' : 'other';
    return {
      mapping,
      use,
      expected,
      expectedId,
      current,
      currentName: known ? nameOf(known) : (currentId ?? 'nothing'),
    };
  });
}

function bodyOf<Body>(result: ApiResult, schema: z.ZodType<Body>): Body | undefined {
  return result.ok ? schema.safeParse(result.body).data : undefined;
}

function nameOf(metric: Metric): string {
  const { name, integration } = metric.attributes;
  return isOfApi(metric) ? name : `${name} of ${integration?.name}`;
}

export async function checkMappedMetrics(deps: Pick<CheckDeps, 'config' | 'klaviyo'>): Promise<Finding[]> {
  const mappings = await readMappings(deps);
  if (!mappings) {
    const fix = 'give the key metrics:read to have it checked';
    return [warning('Klaviyo metric mapping', 'it cannot be read', fix)];
  }
  return mappings.map(({ mapping, use, expected, expectedId, current, currentName }) => {
    const what = `Klaviyo metric mapping ${mapping}`;
    if (current === 'expected') return ok(what, expected);
    const fix = 'ctk check --fix, or map it in Klaviyo (Settings > Metric mapping)';
    if (current !== 'none')
      return warning(what, `it is ${currentName}, so ${expected} does not count for ${use}`, otherFix(current, fix));
    const later = expectedId === undefined ? 'Klaviyo makes the metric with its first event; then ' : '';
    return warning(what, `nothing counts for ${use} yet`, `${later}${fix}`);
  });
}

function otherFix(current: MetricMapping['current'], fix: string): string {
  return current === 'other' ? fix.replace('--fix,', '--fix --yes replaces it,') : fix;
}

export interface FixOptions {
  /** Also replaces metrics of other integrations. */
  replaceOthers: boolean;
  /** Asked once before anything is set. */
  confirm(): Promise<boolean>;
}

/** Shows old and new metric of each mapping that differs, and sets those that are unset or ours. */
export async function fixMappedMetrics(
  deps: Pick<CheckDeps, 'config' | 'klaviyo'>,
  { replaceOthers, confirm }: FixOptions,
  { line }: Pick<Terminal, 'line'>,
): Promise<void> {
  const mappings = await readMappings(deps);
  if (!mappings) return line('the metric mapping cannot be read: the key needs metrics:read');
  const differing = mappings.filter(({ current, expectedId }) => current !== 'expected' && expectedId !== undefined);
  const isLeft = ({ current }: MetricMapping) => current === 'other' && !replaceOthers;
  for (const { mapping, currentName, expected } of differing.filter(isLeft))
    line(`  ${mapping}: ${currentName} stays; --yes replaces it with ${expected}`);
  const toSet = differing.filter((mapping) => !isLeft(mapping));
  for (const { mapping, currentName, expected } of toSet) line(`~ ${mapping}: ${currentName} → ${expected}`);
  if (toSet.length === 0 || !(await confirm())) return;
  for (const { mapping, expectedId, expected } of toSet) {
    const metric = { data: { type: 'metric', id: expectedId } };
    const result = await callKlaviyo(deps.klaviyo, {
      endpoint: 'updateMappedMetric',
      id: mapping,
      body: { data: { type: 'mapped-metric', id: mapping, relationships: { metric } } },
    });
    if (result.ok) line(`~ set ${mapping}: ${expected}`);
    else return line(refusalOf(result));
  }
}

function refusalOf({ failure }: Extract<ApiResult, { ok: false }>): string {
  if (failure.type === 'forbidden')
    return 'the metric mapping cannot be set: make a private key with metrics:write (Settings > API keys)';
  if (failure.type === 'unavailable')
    return `the metric mapping is not set completely: Klaviyo takes ${endpoints.updateMappedMetric.perDay} changes a day; run ctk check --fix again later`;
  return 'the metric mapping cannot be set: Klaviyo rejects it';
}
