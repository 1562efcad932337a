/** Lists in drafts and update actions that the API reference wants an entry in. */
import { field, isObject, listField, textField } from './json.ts';

/** Lists of update actions, by action and path. */
const REQUIRED_IN_ACTIONS: { readonly [action: string]: readonly string[] } = {
  addAsset: ['asset', 'sources'],
  addReturnInfo: ['items'],
  setAssetSources: ['sources'],
};

/** Returns the name of a list that is empty but has to have an entry, or undefined. */
export function emptyRequiredList(typeId: string, body: unknown): string | undefined {
  for (const action of listField(body, 'actions')) {
    const path = REQUIRED_IN_ACTIONS[textField(action, 'action') ?? ''];
    if (path !== undefined && isEmptyList(path.reduce(field, action))) return path.join('.');
  }
  if (typeId === 'category' && listField(body, 'assets').some((asset) => isEmptyList(field(asset, 'sources')))) {
    return 'assets.sources';
  }
  if (typeId !== 'order' || !isObject(body) || 'actions' in body || 'cart' in body || 'id' in body) return undefined;
  // An imported order needs one of the two.
  const hasItems = listField(body, 'lineItems').length + listField(body, 'customLineItems').length > 0;
  return hasItems ? undefined : 'lineItems or customLineItems';
}

/** Returns whether a value is a list without elements. An absent value is not. */
export function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
