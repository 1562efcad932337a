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
