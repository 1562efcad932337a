/** Tree of the project's categories, for breadcrumbs, ancestors and descendants. */
import type { StoredCategory } from '../schemas.ts';

export interface CategoryTree {
  get(id: string): StoredCategory | undefined;
  /** Returns the known ancestors from the root down, then the category itself. Empty for an unknown id. */
  path(id: string): StoredCategory[];
  /** Returns the ids of all categories below, without the category itself. */
  descendants(id: string): string[];
  readonly size: number;
}

/** @param categories every category of the project, in any sequence; a missing or circular parent ends a path */
export function categoryTree(categories: Iterable<StoredCategory>): CategoryTree {
  const byId = new Map<string, StoredCategory>();
  for (const category of categories) byId.set(category.id, category);
  const children = Map.groupBy(byId.values(), ({ parent }) => parent?.id);
  const childIds = (id: string) => (children.get(id) ?? []).map((child) => child.id);
  return {
    size: byId.size,
    get: (id) => byId.get(id),
    path(id) {
      const path: StoredCategory[] = [];
      const seen = new Set<string>();
      let next = byId.get(id);
      while (next && !seen.has(next.id)) {
        seen.add(next.id);
        path.unshift(next);
        next = next.parent ? byId.get(next.parent.id) : undefined;
      }
      return path;
    },
    descendants(id) {
      const found = new Set<string>();
      const open = childIds(id);
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (next === id || found.has(next)) continue;
        found.add(next);
        open.push(...childIds(next));
      }
      return [...found];
    },
  };
}
