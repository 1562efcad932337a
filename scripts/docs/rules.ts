/** Generates the table of rules in docs/mapping.md. `npm run docs` writes it there. */
import { builtInRules } from '../../src/rules/index.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
import type { RuleDescription, Trigger } from '../../src/rules/types.ts';

/** Lines of docs/mapping.md around the table. */
export const markers = { begin: '<!-- rules:begin -->', end: '<!-- rules:end -->' } as const;

/** Returns the table in Markdown with a row for each rule, as it is with default settings. */
export function rulesTable(rules: readonly RuleDescription[] = builtInRules): string {
  const head = [
    '| Rule | Event in commercetools | Triggered by | Sends | Bulk sync | Settings |',
    '|---|---|---|---|---|---|',
  ];
  return [...head, ...rules.map(rowOf)].join('\n');
}

function rowOf(rule: RuleDescription): string {
  const cells = [
    `\`${rule.name}\``,
    rule.summary,
    triggersText(rule.triggers(defaultSettings())),
    rule.sends,
    rule.bulk === undefined ? '–' : `\`${rule.bulk}\``,
    rule.settings.map(code).join(', '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Groups triggers by resource and disabled event: `order: OrderCreated, … (off: OrderCreated)`. */
function triggersText(triggers: readonly Trigger[]): string {
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
