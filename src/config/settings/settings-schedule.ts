/** Schema of the `schedule` setting: when syncs start automatically. */
import { Cron } from 'croner';
import { z } from 'zod';
import { section } from '../../rules/settings-fields.ts';

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** @returns whether a cron expression is valid and has a next run: https://croner.56k.guru/usage/pattern/ */
function recurs(pattern: string): boolean {
  try {
    return new Cron(pattern, { paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

const cron = z
  .string()
  .refine(
    recurs,
    'must be a cron expression that recurs, such as "0 3 * * *": minute hour day month weekday, with a second before them if need be',
  );

const planShape = (resource: string) => ({
  cron: cron.describe(`when a sync of ${resource} starts: minute, hour, day, month, weekday; a second may precede`),
  since: z.enum(['last']).optional().describe(`last: only ${resource} that changed since the last complete sync began`),
});

const planSchema = (resource: string) => z.strictObject(planShape(resource)).optional();

const orderPlanSchema = z
  .strictObject({
    ...planShape('orders'),
    backfill: z.boolean().optional().describe('false: the events of this sync trigger flows; needs confirm'),
    confirm: z
      .literal('flows')
      .optional()
      .describe('flows: goes with backfill: false, so that customers may get e-mails'),
  })
  .refine(({ backfill, confirm }) => backfill !== false || confirm !== undefined, {
    path: ['confirm'],
    error: 'must be "flows", because with backfill: false each sync triggers flows',
  })
  .optional();

export const scheduleSchema = section({
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
    .default('UTC')
    .describe('time zone of the schedule, such as Europe/Berlin'),
  categories: planSchema('categories'),
  products: planSchema('products'),
  customers: planSchema('customers'),
  orders: orderPlanSchema,
});
