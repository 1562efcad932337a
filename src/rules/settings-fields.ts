/** Building blocks of the settings' schemas. */
import { z } from 'zod';

export const texts = (...defaults: string[]) => z.array(z.string()).default(defaults);

/** Filter for top-level names: an empty `include` means all, `exclude` wins, `map` renames. */
export const propertyFilter = {
  include: texts().describe('top-level names to send; empty: all'),
  exclude: texts().describe('names never to send; wins over include'),
  map: z.record(z.string(), z.string()).default({}).describe('old name to new name'),
};
export type PropertyFilter = z.infer<z.ZodObject<typeof propertyFilter>>;

/** A group of settings, all of which have defaults, so that it can be left out. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape).prefault({} as z.input<z.ZodObject<Shape, z.core.$strict>>);
}
