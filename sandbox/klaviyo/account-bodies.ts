/** Request body schemas of the account's metrics. https://developers.klaviyo.com/en/reference/update_mapped_metric */
import { z } from 'zod';

const mappings = [
  ...['added_to_cart', 'cancelled_sales', 'ordered_product', 'refunded_sales', 'revenue', 'started_checkout'],
  'viewed_product',
] as const;

const related = <Type extends string>(type: Type) =>
  z.strictObject({ data: z.strictObject({ type: z.literal(type), id: z.string() }).optional() }).optional();

export const updateMappedMetric = z.strictObject({
  data: z.strictObject({
    type: z.literal('mapped-metric'),
    id: z.enum(mappings),
    relationships: z.strictObject({ metric: related('metric'), 'custom-metric': related('custom-metric') }).optional(),
  }),
});

const dimensions = [
  ...['$attributed_channel', '$attributed_flow', '$attributed_message', '$attributed_variation', '$campaign_channel'],
  ...['$flow', '$flow_channel', '$message', '$message_send_cohort', '$usage_amount', '$value_currency', '$variation'],
  ...['$variation_send_cohort', 'Bot Click', 'Bounce Type', 'Campaign Name', 'Client Canonical', 'Client Name'],
  ...['Client Type', 'Email Domain', 'Failure Source', 'Failure Type', 'From Number', 'From Phone Region'],
  ...['Inbox Provider', 'List', 'Message Format', 'Message Name', 'Message Type', 'Method', 'Segment Count', 'Subject'],
  ...['To Number', 'To Phone Region', 'URL', 'form_id'],
] as const;
const measurements = ['count', 'sum_value', 'unique'] as const;
const sortKeys = [...dimensions, ...measurements];

export const queryMetricAggregates = z.strictObject({
  data: z.strictObject({
    type: z.literal('metric-aggregate'),
    attributes: z.strictObject({
      metric_id: z.string(),
      page_cursor: z.string().optional(),
      measurements: z.array(z.enum(measurements)),
      interval: z.enum(['day', 'hour', 'month', 'week']).nullish(),
      page_size: z.int().nullish(),
      by: z.array(z.enum(dimensions)).nullish(),
      return_fields: z.array(z.string()).nullish(),
      filter: z.array(z.string()),
      timezone: z.string().nullish(),
      sort: z.enum([...sortKeys, ...sortKeys.map((key) => `-${key}`)]).optional(),
    }),
  }),
});
