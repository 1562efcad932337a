/** What the page gets over HTTP and over the event stream. The page imports the types. */
import { z } from 'zod';
import { runSchema } from '../engine/runs/run.ts';

export const problem = z.object({ error: z.string() });
export const security = [{ token: [] }];
export const errorResponses = { 401: problem, 403: problem, 429: problem };

const counts = z.array(z.number());

const attentionSchema = z.object({
  id: z.string(),
  tone: z.enum(['bad', 'warn']),
  title: z.string(),
  detail: z.string(),
  since: z.string(),
  advice: z.string(),
  href: z.string().optional(),
});
/** Something that an operator has to act on. */
export type Attention = z.infer<typeof attentionSchema>;

const dailySeriesSchema = z.object({
  /** Klaviyo's metric name, or the kind of change. */
  name: z.string(),
  isMetric: z.boolean(),
  realtime: counts,
  bulk: counts,
  /** Sums of the events' values by currency and day. */
  values: z.record(z.string(), counts),
  lastAt: z.string().optional(),
});
export type DailySeries = z.infer<typeof dailySeriesSchema>;

const historySchema = z.object({
  /** Start of the first slot, ISO 8601. */
  from: z.string(),
  slotSeconds: z.number(),
  /** Per slot; null without a delivery. Seconds between the creation of a message and its acceptance by Klaviyo. */
  medianDelay: z.array(z.number().nullable()),
  slowDelay: z.array(z.number().nullable()),
  /** Most changes that waited at once. */
  backlog: counts,
  last: z.object({ at: z.string(), delaySeconds: z.number() }).optional(),
});
export type DelayHistory = z.infer<typeof historySchema>;

const lettersSchema = z.object({
  count: z.int(),
  /** There are more than were counted. */
  more: z.boolean(),
  oldestAt: z.string().optional(),
  rules: z.record(z.string(), z.int()),
  codes: z.record(z.string(), z.int()),
  resources: z.record(z.string(), z.int()),
});
export type LetterCounts = z.infer<typeof lettersSchema>;

const overviewSchema = z.object({
  at: z.string(),
  startedAt: z.string(),
  replica: z.string(),
  version: z.string(),
  links: z.object({ klaviyo: z.string(), merchantCenter: z.string().optional() }),
  attention: z.array(attentionSchema),
  history: historySchema,
  /** ISO 8601 dates in UTC, oldest first. */
  days: z.array(z.string()),
  daily: z.array(dailySeriesSchema).optional().describe('absent while the store is unavailable'),
  slotSeconds: z.number(),
  rules: z.array(
    z.object({
      rule: z.string(),
      summary: z.string(),
      offBy: z.string().optional().describe('the empty setting that turns the rule off'),
      lastAt: z.string().optional(),
      delivered: counts,
      rejected: counts,
      totals: z.object({ delivered: z.int(), rejected: z.int(), retried: z.int() }),
    }),
  ),
  quota: z.array(
    z.object({ endpoint: z.string(), sentLastMinute: z.number(), perMinute: z.number(), remaining: z.number() }),
  ),
  inFlight: z.object({ realtime: z.int(), bulk: z.int() }),
  ready: z.object({
    ready: z.boolean(),
    commercetools: z.string(),
    klaviyo: z.string(),
    sources: z.record(z.string(), z.string()),
    subscriptions: z.record(z.string(), z.string()),
  }),
  deadLetters: lettersSchema.optional().describe('absent while the store is unavailable'),
});
export type Overview = z.infer<typeof overviewSchema>;

const runRowSchema = runSchema.omit({ checkpoint: true }).extend({
  canResume: z.boolean(),
  /** What the run does now, or did last. */
  phase: z.string(),
  /** Records to read, if they can be counted. */
  total: z.int().optional(),
});
export type RunRow = z.infer<typeof runRowSchema>;

const syncsSchema = z.object({
  at: z.string(),
  resources: z.array(
    z.object({
      resource: runSchema.shape.resource,
      running: runRowSchema.optional(),
      last: runRowSchema.optional().describe('the latest sync that ended'),
      lastCompleted: z.string().optional().describe('when the latest completed sync ended'),
    }),
  ),
  ended: z.array(runRowSchema).describe('syncs that ended, latest first'),
  followUps: z.object({ running: z.array(runRowSchema), ended: z.array(runRowSchema) }),
});
export type Syncs = z.infer<typeof syncsSchema>;

export const runDetailSchema = z.object({
  at: z.string(),
  run: runRowSchema,
  ranges: z.object({ done: z.int(), all: z.int() }).optional(),
  pass: z.object({ since: z.string(), until: z.string() }).optional(),
  log: z
    .array(z.object({ at: z.string(), tone: z.enum(['quiet', 'bad']), text: z.string() }))
    .describe('of this replica, since it started'),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

export const settingsSchema = z.object({
  syncs: z.boolean().describe('whether this port takes syncs'),
  rows: z.array(
    z.object({ kind: z.string(), name: z.string(), value: z.string(), from: z.string(), description: z.string() }),
  ),
});
export type ShownSettings = z.infer<typeof settingsSchema>;

export const liveCheckSchema = z.object({
  plan: z.object({ creates: z.array(z.string()), remains: z.array(z.string()) }),
  verifiedAt: z.string().optional().describe('when the last live check stored its findings'),
  facts: z.array(
    z.object({
      fact: z.string(),
      expected: z.string(),
      found: z.string(),
      state: z.string(),
      consequence: z.string(),
      verifiedAt: z.string().optional(),
    }),
  ),
  activity: z.string().optional().describe('what the running check of this process does'),
  remaining: z.array(z.string()).describe('test records of the last check that may still be there'),
  notStored: z.string().optional(),
});
export type ShownLiveCheck = z.infer<typeof liveCheckSchema>;
