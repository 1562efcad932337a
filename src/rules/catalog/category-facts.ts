/** Facts of the category rule: the category as it is now, its path and its descendants. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Message } from '../../commercetools/messages.ts';
import { categorySchema, type StoredCategory } from '../../commercetools/schemas.ts';
import {
  type Cause,
  type EvaluationContext,
  type FactsLoader,
  minVersionOf,
  type RuleContext,
  runOf,
  type Subjects,
} from '../types.ts';

export type CategorySubject = { state: 'present'; category: StoredCategory } | { state: 'deleted'; id: string };

export type CategoryFacts =
  | {
      state: 'present';
      category: StoredCategory;
      path: readonly StoredCategory[];
      descendants: readonly string[];
      cause: Cause;
      at: Date;
    }
  | { state: 'deleted'; id: string };

export const categoryFacts: FactsLoader<CategorySubject, CategoryFacts> = {
  typeId: 'category',
  schema: categorySchema.transform((category) => ({ state: 'present' as const, category })),
  refOf: (subject) =>
    subject.state === 'deleted'
      ? { typeId: 'category', id: subject.id }
      : { typeId: 'category', id: subject.category.id, version: subject.category.version },
  fromMessage,
  async load(subject, { lookups, cause, at }) {
    if (subject.state === 'deleted') return subject;
    const { category } = subject;
    const tree = await treeAround(category, { lookups, cause });
    return { ...subject, path: pathTo(category, tree), descendants: tree.descendants(category.id), cause, at };
  },
};

/** Reads the category instead of using the payload: a late or repeated message would restore old data. */
async function fromMessage(message: Message, { lookups, cause }: RuleContext): Promise<Subjects<CategorySubject>> {
  const { id } = message.resource;
  // The message alone is no proof. A category that still exists is written as it is.
  const isDeletion = message.notificationType === 'ResourceDeleted';
  if (isDeletion && (await lookups.isDeleted('category', id))) return { subjects: [{ state: 'deleted', id }] };
  const category = await lookups.category(id, minVersionOf(cause, message.resource));
  return category ? { subjects: [{ state: 'present', category }] } : { skip: 'the category no longer exists' };
}

function treeAround(
  category: StoredCategory,
  { lookups, cause }: Pick<EvaluationContext, 'lookups' | 'cause'>,
): Promise<CategoryTree> {
  // A message about a category means that the tree has just changed. Pages of a run share one tree.
  const run = runOf(cause);
  if (run === undefined) return lookups.categories({ fresh: true });
  return lookups.categories({ run, knowing: [category.id, ...category.ancestors.map(({ id }) => id)] });
}

/** Returns the path of the parent and the category as it was read, because the tree may contain an older version. */
function pathTo(category: StoredCategory, tree: CategoryTree): StoredCategory[] {
  const above = category.parent ? tree.path(category.parent.id) : [];
  return [...above.filter(({ id }) => id !== category.id), category];
}
