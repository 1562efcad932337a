/** Schema of the settings files: the mapping (rules/settings.ts) and the operation of the service. */
import { z } from 'zod';
import { isRecord } from '../../lib/json.ts';
import { ruleSettingsSchema } from '../../rules/settings.ts';
import { section } from '../../rules/settings-fields.ts';
import { scheduleSchema } from './settings-schedule.ts';

const seconds = (fallback: number) => z.number().positive().default(fallback);
const count = (fallback: number) => z.int().min(1).default(fallback);
const retries = () => z.int().min(0).max(10).default(3);
const pageSize = (fallback: number) => z.int().min(1).max(500).default(fallback);

export const settingsSchema = z.strictObject({
  ...ruleSettingsSchema.shape,
  klaviyo: section({
    rateLimitShare: z
      .number()
      .gt(0)
      .max(1)
      .default(0.95)
      .describe("part of Klaviyo's published limits that is used; the rest is for other apps"),
    realtimeReserve: z
      .number()
      .min(0)
      .lt(1)
      .default(0.3)
      .describe(
        'part of a limit that bulk leaves alone while realtime is busy, and always where APP_TYPE is BULK_IMPORT',
      ),
    timeoutSeconds: seconds(30).describe('seconds that one request may take'),
    retries: retries().describe('how often a request is repeated at once before the broker or the run waits'),
    eventListingSeconds: seconds(180).describe(
      'seconds within which Klaviyo lists an event; the first bulk body of events is verified by that',
    ),
  }),
  commercetools: section({
    timeoutSeconds: seconds(30).describe('seconds that one request may take'),
    retries: retries().describe('how often a read is repeated at once'),
    pageSize: pageSize(500).describe('customers and categories a page in bulk'),
    largePageSize: pageSize(100).describe(
      'the same of orders, products and carts, which are many times as large: what is read has to be held',
    ),
    ranges: z.int().min(1).max(32).default(4).describe('ranges of ids that a sync walks side by side'),
  }),
  realtime: section({
    deadlineSeconds: seconds(8).describe('a message that takes longer gets 503 and is redelivered'),
    maxInFlight: count(4_000).describe('maximum in-flight messages; excess messages get 503 and are redelivered'),
    concurrency: z
      .int()
      .min(1)
      .max(1_000)
      .default(50)
      .describe('messages of a queue or topic that are processed concurrently'),
    maxAttempts: count(5).describe(
      'attempts at a message that fails with an internal error, before it becomes a dead letter',
    ),
  }),
  runs: section({
    checkpointSeconds: seconds(5).describe('seconds between two stored positions of a run'),
    leaseSeconds: z
      .number()
      .min(1)
      .max(60)
      .default(20)
      .describe(
        'seconds without a heartbeat after which the process of a run counts as dead, and another one takes over',
      ),
    maxEnded: count(50).describe('ended runs kept per resource, in addition to the last complete sync'),
  }),
  schedule: scheduleSchema,
  deliveryLog: section({
    enabled: z
      .boolean()
      .default(true)
      .describe('log recent realtime deliveries by record, without personal data, for `ctk find`'),
    keepDays: z.number().positive().max(90).default(7).describe('days that a delivery stays in the log'),
    maxEntries: z
      .int()
      .min(1_000)
      .max(1_000_000)
      .default(200_000)
      .describe('deliveries in the log at most; the oldest are deleted first'),
  }),
  deadLetters: section({ max: count(10_000).describe('how many are kept at most') }),
});
export type Settings = z.infer<typeof settingsSchema>;

export interface SettingRow {
  path: string;
  description: string;
  default: unknown;
}

export function settingRows(): SettingRow[] {
  const defaults = settingsSchema.parse({});
  return leaves(settingsSchema, []).map(({ path, schema }) => ({
    path: path.join('.'),
    description: schema.description ?? '',
    default: at(defaults, path),
  }));
}

export interface SplitSettings {
  known: Record<string, unknown>;
  unknown: string[];
}

/** Splits settings into those of the schema and unknown ones. A key without a value (`null`, or empty in YAML) is in neither. */
export function splitKnown(settings: Record<string, unknown>, schema: z.ZodType = settingsSchema): SplitSettings {
  const split: SplitSettings = { known: {}, unknown: [] };
  for (const [name, value] of Object.entries(settings)) {
    const known = fieldOf(schema, name);
    if (!known) split.unknown.push(name);
    else if (isRecord(value) && unwrap(known) instanceof z.ZodObject) {
      const nested = splitKnown(value, known);
      split.known[name] = nested.known;
      split.unknown.push(...nested.unknown.map((path) => `${name}.${path}`));
    } else if (value !== null) split.known[name] = value;
  }
  return split;
}

export function settingPaths(): string[] {
  const paths = settingRows().flatMap(({ path }) => {
    const parts = path.split('.');
    return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
  });
  return [...new Set(paths)];
}

function fieldOf(schema: z.ZodType, name: string): z.ZodType | undefined {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject) || !Object.hasOwn(inner.shape, name)) return undefined;
  const field: unknown = inner.shape[name];
  return field instanceof z.ZodType ? field : undefined;
}

function leaves(schema: z.ZodType, path: string[]): { path: string[]; schema: z.ZodType }[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [{ path, schema }];
  return Object.entries(inner.shape).flatMap(([name, value]) =>
    value instanceof z.ZodType ? leaves(value, [...path, name]) : [],
  );
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    const inner: unknown = schema.unwrap();
    return inner instanceof z.ZodType ? unwrap(inner) : schema;
  }
  return schema;
}

function at(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const record = z.record(z.string(), z.unknown()).safeParse(value);
  return record.success ? at(record.data[name], rest) : undefined;
}
