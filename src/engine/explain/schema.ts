/** What an explanation says: the shape of its answer over HTTP. It holds personal data, so it is never logged or stored. */
import { z } from 'zod';
import { bulkResources } from '../../commercetools/schemas.ts';

const warning = z.object({ code: z.string(), detail: z.string() });

const leaf = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const valueSchema = z.object({
  path: z.string().describe("Klaviyo's field, such as properties.OrderId or unique_id"),
  value: leaf,
  from: z.array(z.string()).describe('the commercetools fields and settings that it depends on; none: it is fixed'),
  copied: z.boolean().describe('the same as the first of them; else computed'),
  needs: z.array(z.string()).describe('what decides only whether it is there'),
  currentValue: z.unknown().optional().describe('what Klaviyo holds in this place now'),
});

const changeSchema = z.object({
  type: z.string(),
  values: z.array(valueSchema),
  requests: z
    .array(z.object({ method: z.string(), path: z.string(), body: z.unknown().optional() }))
    .describe('what would go to Klaviyo, as realtime sends it; none: Klaviyo holds all of it already'),
  outcome: z.string().describe('delivered: nothing is known against it'),
  reason: z.string().optional(),
  klaviyo: z.record(z.string(), z.unknown()).optional().describe('what Klaviyo holds of it now; absent: nothing'),
  note: z.string().optional(),
});
export type ExplainedChange = z.infer<typeof changeSchema>;

const ruleSchema = z.object({
  rule: z.string(),
  summary: z.string(),
  triggers: z.array(z.object({ on: z.string(), disabledBy: z.string().optional() })),
  offBy: z.string().optional().describe('the empty setting that turns the rule off'),
  bulk: z.enum(bulkResources).optional(),
  changes: z.array(changeSchema),
  skips: z.array(z.string()).describe('why something is not sent'),
  warnings: z.array(warning).describe('what is left out'),
  followUps: z.array(z.object({ resource: z.string(), where: z.string(), reason: z.string() })),
  dependsOn: z.array(z.string()).describe('fields that decide whether, or how often, it sends something'),
  realtime: z
    .object({
      on: z.string(),
      skips: z.array(z.string()),
      differs: z.array(z.object({ path: z.string(), value: leaf.optional() })),
    })
    .optional()
    .describe('what a message would send otherwise, by change and path; without a value: what it would not send'),
  problem: z.string().optional().describe('the rule failed on this record, or the record is not readable'),
});
export type ExplainedRule = z.infer<typeof ruleSchema>;

export const explainedSchema = z.object({
  verdict: z.string().describe('what a sync would do with the record, in one sentence'),
  type: z.string(),
  id: z.string(),
  version: z.number().optional(),
  asked: z.string().describe('how the rules were asked'),
  whole: z.boolean().describe('false: the record is so large that not every field was followed'),
  rules: z.array(ruleSchema),
});
export type Explained = z.infer<typeof explainedSchema>;
