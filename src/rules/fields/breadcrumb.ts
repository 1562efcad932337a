/** Builds breadcrumbs of categories: Women > Pants > Jeans. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { StoredCategory } from '../../commercetools/schemas.ts';
import { cutText, titleOf } from './text.ts';

/** Joins the names of a path from the root to the category itself, cut to Klaviyo's limit of a text. */
export function breadcrumb(path: readonly StoredCategory[], preferredLocale: string): string {
  return cutText(path.map((category) => titleOf(category, preferredLocale)).join(' > '));
}

/** Returns the distinct levels of several categories in their sequence. Deleted categories have none. */
export function categoryNames(ids: Iterable<string>, tree: CategoryTree, preferredLocale: string): string[] {
  const names = new Set<string>();
  for (const id of ids) {
    const path = tree.path(id);
    for (const index of path.keys()) names.add(breadcrumb(path.slice(0, index + 1), preferredLocale));
  }
  return [...names];
}
