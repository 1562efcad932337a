/** What the category rule may look at: the category as it is now, and the tree around it. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Message } from '../../commercetools/messages.ts';
import { type Category, categorySchema } from '../../commercetools/schemas.ts';
import { type Cause, type EvaluationContext, type FactsLoader, runOf, type Subjects } from '../types.ts';

export type CategoryRoot = { state: 'there'; category: Category } | { state: 'gone'; id: string };

export type CategoryFacts =
  | {
      state: 'there';
      category: Category;
      /** From the root down to the category itself. */
      path: readonly Category[];
      /** Ids of everything below it. */
      descendants: readonly string[];
      cause: Cause;
      at: Date;
    }
  | { state: 'gone'; id: string };

export const categoryFacts: FactsLoader<CategoryRoot, CategoryFacts> = {
  typeId: 'category',
  schema: categorySchema.transform((category) => ({ state: 'there' as const, category })),
  refOf: (root) =>
    root.state === 'gone'
      ? { typeId: 'category', id: root.id }
      : { typeId: 'category', id: root.category.id, version: root.category.version },
  fromMessage,
  async load(root, { lookups, cause, at }) {
    if (root.state === 'gone') return root;
    const { category } = root;
    const tree = await treeAround(category, { lookups, cause });
    return { ...root, path: pathTo(category, tree), descendants: tree.descendants(category.id), cause, at };
  },
};

/** Never the payload's record: a message that comes late or again would bring old data back. */
async function fromMessage(
  message: Message,
  { lookups }: Omit<EvaluationContext, 'needs'>,
): Promise<Subjects<CategoryRoot>> {
  const { id } = message.resource;
  if (message.notificationType === 'ResourceDeleted') return { subjects: [{ state: 'gone', id }] };
  const category = await lookups.category(id);
  return category ? { subjects: [{ state: 'there', category }] } : { skip: 'the category is gone' };
}

function treeAround(
  category: Category,
  { lookups, cause }: Pick<EvaluationContext, 'lookups' | 'cause'>,
): Promise<CategoryTree> {
  // A message about a category means that the tree has just changed; a page of a run shares one tree.
  const run = runOf(cause);
  if (run === undefined) return lookups.categories({ fresh: true });
  return lookups.categories({ run, knowing: [category.id, ...category.ancestors.map(({ id }) => id)] });
}

/** The category as read comes last, below the path of its parent: the tree may hold an older one. */
function pathTo(category: Category, tree: CategoryTree): Category[] {
  const above = category.parent ? tree.path(category.parent.id) : [];
  return [...above.filter(({ id }) => id !== category.id), category];
}
