/** Klaviyo: the key, its scopes (least privilege), and which metrics its reports and predictions look at. */
import { z } from 'zod';
import type { Config } from '../../config/config.ts';
import type { ApiCall } from '../../klaviyo/api/client.ts';
import { compoundId } from '../../klaviyo/existing-records.ts';
import { askKlaviyo, type CheckParts, type Finding, ok, problem, warning } from './finding.ts';

/** An id that nobody has: a write to it is refused as "not there", and only then was the scope enough. */
const nobody = 'ctk-check-no-such-record';

interface Scope {
  scope: string;
  purpose: string;
  call: Omit<ApiCall, 'lane' | 'signal'>;
}

const scopes: Scope[] = [
  {
    scope: 'profiles:read',
    purpose: 'identity conflicts',
    call: { endpoint: 'listProfiles', query: { 'page[size]': '1' } },
  },
  {
    scope: 'profiles:write',
    purpose: 'profiles',
    call: { endpoint: 'updateProfile', id: nobody, body: { data: { type: 'profile', id: nobody, attributes: {} } } },
  },
  {
    scope: 'events:write',
    purpose: 'order events',
    // Without an identifier no event is recorded.
    call: {
      endpoint: 'createEvent',
      body: {
        data: {
          type: 'event',
          attributes: {
            metric: { data: { type: 'metric', attributes: { name: 'Placed Order' } } },
            profile: { data: { type: 'profile', attributes: {} } },
            properties: {},
          },
        },
      },
    },
  },
  {
    scope: 'catalogs:read',
    purpose: 'items and variants',
    call: { endpoint: 'listCategories', query: { 'page[size]': '1' } },
  },
  { scope: 'catalogs:write', purpose: 'the catalogue', call: { endpoint: 'deleteCategory', id: compoundId(nobody) } },
];

/** What a key with full access may do as well: no scope that we need allows it. */
const beyond: ApiCall['endpoint'] = 'listFlows';

/** @returns the findings; `usable`: whether anything else can be asked with this key */
export async function checkKlaviyo({ config, klaviyo }: CheckParts): Promise<{ findings: Finding[]; usable: boolean }> {
  const findings: Finding[] = [];
  for (const { scope, purpose, call } of scopes) {
    const answer = await askKlaviyo(klaviyo, call);
    const what = `Klaviyo scope ${scope}`;
    if (answer.ok || answer.failure.type === 'rejected') findings.push(ok(what));
    else if (answer.failure.type === 'unauthorized') {
      const refused = problem('Klaviyo key', `${config.klaviyo.url} refuses it`, 'check KLAVIYO_AUTH_KEY');
      return { findings: [refused], usable: false };
    } else if (answer.failure.type === 'forbidden')
      findings.push(problem(what, `needed for ${purpose}`, 'make a private key with it (Settings > API keys)'));
    else {
      const away = problem('Klaviyo', answer.failure.reason, 'check KLAVIYO_API_URL');
      return { findings: [...findings, away], usable: false };
    }
  }
  const more = await askKlaviyo(klaviyo, { endpoint: beyond, query: { 'page[size]': '1' } });
  const what = 'Klaviyo scopes, too many';
  const names = scopes.map(({ scope }) => scope).join(', ');
  if (more.ok)
    findings.push(
      warning(what, 'the key may read flows too', `make a private key with ${names} and metrics:read only`),
    );
  else findings.push(ok(what, 'none found'));
  return { findings, usable: true };
}

type Metrics = Config['rules']['order']['metrics'];

/** Klaviyo's mappings, and which of our metrics each is meant for. */
const meant: { mapping: string; metric: keyof Metrics; use: string }[] = [
  { mapping: 'revenue', metric: 'placedOrder', use: 'predictions, lifetime value and revenue' },
  { mapping: 'ordered_product', metric: 'orderedProduct', use: 'product analysis' },
  { mapping: 'cancelled_sales', metric: 'cancelledOrder', use: 'lifetime value' },
  { mapping: 'refunded_sales', metric: 'refundedOrder', use: 'lifetime value' },
];

const related = z.looseObject({ data: z.looseObject({ id: z.string() }).nullish() }).optional();
const mappedSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      relationships: z.looseObject({ metric: related, 'custom-metric': related }).optional(),
    }),
  ),
  included: z
    .array(
      z.looseObject({
        type: z.string(),
        id: z.string(),
        attributes: z.looseObject({ name: z.string().nullish() }).optional(),
      }),
    )
    .default([]),
});

/** https://developers.klaviyo.com/en/reference/get_mapped_metrics: what Klaviyo's own reports take for what. */
export async function checkMappedMetrics({ config, klaviyo }: CheckParts): Promise<Finding[]> {
  const answer = await askKlaviyo(klaviyo, {
    endpoint: 'listMappedMetrics',
    query: { include: 'metric,custom-metric' },
  });
  const parsed = answer.ok ? mappedSchema.safeParse(answer.body) : undefined;
  if (!parsed?.success) {
    const wayOut = 'give the key metrics:read to have it checked';
    return [warning('Klaviyo metric mapping', 'it can not be read', wayOut)];
  }
  const nameOf = new Map(parsed.data.included.map(({ id, attributes }) => [id, attributes?.name ?? id]));
  const mappedTo = new Map(
    parsed.data.data.map(({ id, relationships }) => {
      const one = relationships?.metric?.data?.id ?? relationships?.['custom-metric']?.data?.id;
      return [id, one === undefined ? undefined : (nameOf.get(one) ?? one)];
    }),
  );
  return meant.map(({ mapping, metric, use }) => {
    const ours = config.rules.order.metrics[metric];
    const theirs = mappedTo.get(mapping);
    const what = `Klaviyo metric mapping ${mapping}`;
    if (theirs === ours) return ok(what, ours);
    const wayOut = 'map it in Klaviyo (Settings > Metric mapping)';
    if (theirs !== undefined) return warning(what, `it is ${theirs}, so ${ours} does not count for ${use}`, wayOut);
    const later = `Klaviyo makes the metric with its first event; then ${wayOut}`;
    return warning(what, `nothing counts for ${use} yet`, later);
  });
}
