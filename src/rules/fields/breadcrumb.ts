/** Categories by name, with their ancestors: Women > Pants > Jeans. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Category } from '../../commercetools/schemas.ts';
import { cutText, titleOf } from './text.ts';

/** @param path from the root down to the category itself */
export function breadcrumb(path: readonly Category[], preferredLocale: string): string {
  return cutText(path.map((category) => titleOf(category, preferredLocale)).join(' > '));
}

/** Every level of a category: `Women`, `Women > Pants`, `Women > Pants > Jeans`. */
function breadcrumbLevels(path: readonly Category[], preferredLocale: string): string[] {
  return path.map((_, index) => breadcrumb(path.slice(0, index + 1), preferredLocale));
}

/** The levels of several categories in their order, without doubles; categories that are gone give none. */
export function categoryNames(ids: Iterable<string>, tree: CategoryTree, preferredLocale: string): string[] {
  const names = new Set<string>();
  for (const id of ids) {
    for (const name of breadcrumbLevels(tree.path(id), preferredLocale)) names.add(name);
  }
  return [...names];
}
