/**
 * The table of docs/mapping.md: what there is, what wakes it, what it sends, which settings bear on it. `npm run docs`
 * writes it there.
 */
import { builtInRules } from '../../src/rules/index.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
import type { Rule, Trigger } from '../../src/rules/types.ts';

/** Between these lines of docs/mapping.md the table stands. */
export const markers = { begin: '<!-- rules:begin -->', end: '<!-- rules:end -->' } as const;

type Documented = Pick<Rule<never>, 'name' | 'summary' | 'sends' | 'settings' | 'bulk' | 'triggers'>;

/** @returns the table in Markdown, one row for each rule, as it is for a merchant who set nothing */
export function rulesTable(rules: readonly Documented[] = builtInRules): string {
  const head = [
    '| Rule | What happened | What wakes it | What it sends | Bulk sync | Settings |',
    '|---|---|---|---|---|---|',
  ];
  return [...head, ...rules.map(rowOf)].join('\n');
}

function rowOf(rule: Documented): string {
  const cells = [
    `\`${rule.name}\``,
    rule.summary,
    wakesText(rule.triggers(defaultSettings())),
    rule.sends,
    rule.bulk === undefined ? '–' : `\`${rule.bulk}\``,
    rule.settings.map(code).join(', '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** By resource: `order`: `OrderCreated`, …; off with `OrderCreated`. */
function wakesText(triggers: readonly Trigger[]): string {
  const groups = Map.groupBy(triggers, ({ typeId, disabledBy }) => `${typeId} ${disabledBy}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const types = group.map(({ notificationType, messageType }) => code(messageType ?? notificationType));
      return [
        `${first.typeId}: ${types.join(', ')}${first.disabledBy === undefined ? '' : ` (off: ${code(first.disabledBy)})`}`,
      ];
    })
    .join('; ');
}

function code(text: string): string {
  return `\`${text}\``;
}
