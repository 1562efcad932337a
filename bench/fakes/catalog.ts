/** Catalog of the counting Klaviyo: attributes by id, so that a second sync finds the records of the first. */
import { z } from 'zod';

const record = z.object({
  id: z.string().optional(),
  attributes: z.record(z.string(), z.unknown()).default({}),
  relationships: z.object({ item: z.object({ data: z.object({ id: z.string() }) }).optional() }).optional(),
});
const prefix = '$custom:::$default:::';

/** Creates an empty catalog store. */
export function createCatalog() {
  const items = new Map<string, { attributes: object; variants: Set<string> }>();
  const variants = new Map<string, { attributes: Record<string, unknown>; item: string }>();
  const categories = new Map<string, object>();

  function put(recordType: string, raw: unknown): string {
    const { id: given, attributes, relationships } = record.parse(raw);
    const id = given ?? `${prefix}${String(attributes.external_id)}`;
    if (recordType === 'item')
      items.set(id, {
        attributes: { ...items.get(id)?.attributes, ...attributes },
        variants: items.get(id)?.variants ?? new Set(),
      });
    else if (recordType === 'category') categories.set(id, { ...categories.get(id), ...attributes });
    else {
      const item = relationships?.item?.data.id ?? variants.get(id)?.item ?? '';
      variants.set(id, { attributes: { ...variants.get(id)?.attributes, ...attributes }, item });
      items.get(item)?.variants.add(id);
    }
    return id;
  }

  return {
    /** @returns the ids of the records in a body (single or bulk) */
    apply(recordType: string, body: Buffer): string[] {
      const { data } = z.object({ data: z.record(z.string(), z.unknown()) }).parse(JSON.parse(body.toString()));
      const attributes = z.record(z.string(), z.unknown()).safeParse(data.attributes);
      const lists = attributes.success ? Object.values(attributes.data) : [];
      const many = z.object({ data: z.array(z.unknown()) }).safeParse(lists[0]);
      return (many.success ? many.data.data : [data]).map((entry) => put(recordType, entry));
    },
    /** Returns the records of the ids in the filter, as one page. */
    list(name: string, query: URLSearchParams) {
      const ids = z
        .array(z.string())
        .parse(JSON.parse(/^any\(ids,(.*)\)$/.exec(query.get('filter') ?? '')?.[1] ?? '[]'));
      if (name === 'get_catalog_categories') {
        const data = ids.flatMap((id) => {
          const attributes = categories.get(id);
          return attributes ? [{ type: 'catalog-category', id, attributes }] : [];
        });
        return { data, links: { next: null } };
      }
      const included: object[] = [];
      const data = ids.flatMap((id) => {
        const item = items.get(id);
        if (!item) return [];
        for (const variant of item.variants) {
          const stored = variants.get(variant);
          included.push({
            type: 'catalog-variant',
            id: variant,
            attributes: stored?.attributes ?? {},
            relationships: { item: { data: { type: 'catalog-item', id } } },
          });
        }
        const variantLinks = [...item.variants].map((variant) => ({ type: 'catalog-variant', id: variant }));
        return [
          {
            type: 'catalog-item',
            id,
            attributes: item.attributes,
            relationships: { variants: { data: variantLinks } },
          },
        ];
      });
      return { data, included, links: { next: null } };
    },
    /** Returns the quantity by SKU. */
    stock: () =>
      Object.fromEntries(
        [...variants]
          .filter(([, { attributes }]) => attributes.inventory_quantity !== undefined)
          .map(([id, { attributes }]) => [id.slice(prefix.length), Number(attributes.inventory_quantity)]),
      ),
  };
}
