/** Builds breadcrumbs of categories: Women > Pants > Jeans. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { StoredCategory } from '../../commercetools/schemas.ts';
import { cutText, titleOf } from './text.ts';

/**
 * Joins the names of a path, cut to Klaviyo's limit of a text.
 * @param path categories from the root to the category itself
 */
export function breadcrumb(path: readonly StoredCategory[], preferredLocale: string): string {
  return cutText(path.map((category) => titleOf(category, preferredLocale)).join(' > '));
}

/** Returns the breadcrumb of every level of a path: `Women`, `Women > Pants`, `Women > Pants > Jeans`. */
function breadcrumbLevels(path: readonly StoredCategory[], preferredLocale: string): string[] {
  return path.map((_, index) => breadcrumb(path.slice(0, index + 1), preferredLocale));
}

/** Returns the distinct levels of several categories in their sequence. Deleted categories have none. */
export function categoryNames(ids: Iterable<string>, tree: CategoryTree, preferredLocale: string): string[] {
  const names = new Set<string>();
  for (const id of ids) {
    for (const name of breadcrumbLevels(tree.path(id), preferredLocale)) names.add(name);
  }
  return [...names];
}
