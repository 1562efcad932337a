/** The reference of docs/cli.md: every command with its arguments and options, as commander knows them. */

import { type CommandNode, treeOf } from '../../src/cli/command-tree.ts';
import { createTerminal } from '../../src/cli/output/terminal.ts';
import { createProgram } from '../../src/cli/program.ts';

/** Between these lines the reference stands. */
export const commandsMarkers = { begin: '<!-- commands:begin -->', end: '<!-- commands:end -->' } as const;

/** @returns a heading for each command that does something, with a table where it takes anything */
export async function commandsReference(): Promise<string> {
  const [whole, ...all] = treeOf(await createProgram(createTerminal(), { code: 0 }));
  const options = whole === undefined ? '' : sectionOf(whole);
  return [options, ...all.filter(({ commands }) => commands.length === 0).map(sectionOf)].join('\n\n');
}

function sectionOf({ usage, description, options, arguments: args }: CommandNode): string {
  const rows = [
    ...args.map(({ name, description: said, choices }) => [
      name,
      [said, choices.join(', ')].filter(Boolean).join(': '),
    ]),
    ...options.map(({ flags, description: said, fallback }) => [flags, fallback ? `${said} (${fallback})` : said]),
  ];
  const table = rows.map((cells) => `| ${cells.map((cell, at) => format(cell, at)).join(' | ')} |`);
  return [`### \`${usage}\``, '', description, ...(rows.length > 0 ? ['', '| | |', '|---|---|', ...table] : [])].join(
    '\n',
  );
}

function format(cell: string, column: number): string {
  const text = cell.replaceAll('|', '\\|');
  return column === 0 ? `\`${text}\`` : text;
}
