/**
 * The table of docs/mapping.md: what there is, what wakes it, what it sends, which settings bear on it. `npm run docs`
 * writes it there.
 */
import { allRules } from '../../src/rules/index.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
import type { Rule, Wake } from '../../src/rules/types.ts';

/** Between these lines of docs/mapping.md the table stands. */
export const markers = { begin: '<!-- rules:begin -->', end: '<!-- rules:end -->' } as const;

type Documented = Pick<Rule<never>, 'name' | 'summary' | 'sends' | 'settings' | 'bulk' | 'wakes'>;

/** @returns the table in Markdown, one row for each rule, as it is for a merchant who set nothing */
export function rulesTable(rules: readonly Documented[] = allRules): string {
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
    wakesText(rule.wakes(defaultSettings())),
    rule.sends,
    rule.bulk === undefined ? '–' : `\`${rule.bulk}\``,
    rule.settings.map(code).join(', '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** By resource: `order`: `OrderCreated`, …; off with `OrderCreated`. */
function wakesText(wakes: readonly Wake[]): string {
  const groups = Map.groupBy(wakes, ({ typeId, unless }) => `${typeId} ${unless}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const types = group.map(({ notificationType, messageType }) => code(messageType ?? notificationType));
      return [
        `${first.typeId}: ${types.join(', ')}${first.unless === undefined ? '' : ` (off: ${code(first.unless)})`}`,
      ];
    })
    .join('; ');
}

function code(text: string): string {
  return `\`${text}\``;
}
