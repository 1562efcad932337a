/** Names the fields of a change as Klaviyo's API does: a change groups some of them differently. */

/** By the first part of a path within a change. https://developers.klaviyo.com/en/reference/create_event */
const klaviyoNames: Record<string, string> = {
  uniqueId: 'unique_id',
  currency: 'value_currency',
  externalId: 'external_id',
  quantity: 'inventory_quantity',
  policy: 'inventory_policy',
};

/** @param path such as ['uniqueId'] @returns such as `unique_id` */
export function klaviyoPath([first = '', ...rest]: readonly string[]): string {
  return [klaviyoNames[first] ?? first, ...rest].join('.');
}

/** @param path within the list of changes: begins with an index @returns the same with Klaviyo's name */
export function klaviyoPathInList([index = '', ...path]: readonly string[]): string {
  return path.length === 0 ? index : `${index}.${klaviyoPath(path)}`;
}
