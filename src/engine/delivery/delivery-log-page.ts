/** A page of the delivery log as it is stored: compressed, because a busy shop has many and a search reads them all. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import { recordRefSchema } from '../../rules/types.ts';

export const deliveryOutcomes = ['delivered', 'skipped', 'rejected', 'failed', 'retried'] as const;

/** One rule's changes to one record in one attempt. Holds ids only, no personal data. */
export const deliveryEntrySchema = z.object({
  at: z.string().describe('ISO 8601'),
  record: recordRefSchema.pick({ typeId: true, id: true }),
  rule: z.string().describe('the rule; empty: the record could not be read'),
  wrote: z.string().optional().describe("Klaviyo's metric, or the kind of record such as profile or item"),
  outcome: z.enum(deliveryOutcomes),
  reason: z.string().optional().describe('why it was skipped, rejected or retried'),
  count: z.int().optional().describe('changes, if more than one, such as one Ordered Product per line item'),
  attempt: z.int().optional().describe('of the message, if not the first'),
  messageId: z.string().optional().describe("commercetools' message"),
  klaviyoErrorId: z.string().optional().describe("Klaviyo's id of the error, for its support"),
});
export type DeliveryEntry = z.infer<typeof deliveryEntrySchema>;

const pageSchema = z.object({ count: z.int(), entries: z.string() });
const entriesSchema = z.array(z.unknown());
const [compress, expand] = [promisify(gzip), promisify(gunzip)];

/** @returns the fields to store; `entries` is gzip in base64 */
export async function packEntries(entries: readonly DeliveryEntry[]): Promise<z.infer<typeof pageSchema>> {
  const packed = await compress(JSON.stringify(entries));
  return { count: entries.length, entries: packed.toString('base64') };
}

/** @returns the entries of a stored page, without those in an unknown shape */
export async function unpackEntries(value: unknown): Promise<DeliveryEntry[]> {
  const page = pageSchema.safeParse(value).data;
  const bytes = page && (await expand(Buffer.from(page.entries, 'base64')).catch(() => undefined));
  const entries = bytes && entriesSchema.safeParse(parseJson(bytes.toString())).data;
  return (entries ?? []).flatMap((entry) => deliveryEntrySchema.safeParse(entry).data ?? []);
}
