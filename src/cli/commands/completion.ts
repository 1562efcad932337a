/** Generates static completion scripts for shells, which start no process while typing. */
import { Argument, type Command } from 'commander';
import { type CommandNode, treeOf } from '../command-tree.ts';
import type { Terminal } from '../output/terminal.ts';

export function define(command: Command, terminal: Terminal): void {
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => terminal.line({ bash, zsh, fish }[shell](treeOf(command.parent ?? command)).trimEnd()));
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Word {
  word: string;
  description: string;
}

/** https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html */
function bash(nodes: readonly CommandNode[]): string {
  const cases = nodes.map(
    (node) =>
      `    '${pathOf(node)}') words='${wordsOf(node)
        .map(({ word }) => word)
        .join(' ')}' ;;`,
  );
  return `# ctk completion bash
_ctk() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path='' words='' word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case "\${path:+$path }$word" in
      ${subcommandPaths(nodes).map(quoted).join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _ctk ctk
`;
}

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html */
function zsh(nodes: readonly CommandNode[]): string {
  const entry = ({ word, description }: Word) => quoted(`${word}:${description.replaceAll(':', '\\:')}`);
  const cases = nodes.map((node) => `    ('${pathOf(node)}') known=(${wordsOf(node).map(entry).join(' ')}) ;;`);
  return `#compdef ctk
_ctk() {
  local path_='' word at
  local -a known
  for ((at = 2; at < CURRENT; at++)); do
    word=$words[at]
    case "\${path_:+$path_ }$word" in
      (${subcommandPaths(nodes).map(quoted).join('|')}) path_="\${path_:+$path_ }$word" ;;
    esac
  done
  case "$path_" in
${cases.join('\n')}
  esac
  _describe ctk known || _files
}
if [ "$funcstack[1]" = _ctk ]; then _ctk "$@"; else compdef _ctk ctk; fi
`;
}

/** https://fishshell.com/docs/current/completions.html */
function fish(nodes: readonly CommandNode[]): string {
  const lines = nodes.flatMap((node) =>
    wordsOf(node).map(({ word, description }) => {
      const option = description === '' ? '' : ` -d ${fishQuoted(description)}`;
      return `complete -c ctk -n '__ctk_at "${pathOf(node)}"' -a ${fishQuoted(word)}${option}`;
    }),
  );
  return `# ctk completion fish
function __ctk_at
  set -l path
  for word in (commandline -opc)[2..-1]
    switch (string join -- ' ' $path $word)
      case ${subcommandPaths(nodes).map(fishQuoted).join(' ')}
        set path $path $word
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}

const pathOf = ({ path }: CommandNode) => path.join(' ');

function subcommandPaths(nodes: readonly CommandNode[]): string[] {
  return nodes.map(pathOf).filter((path) => path !== '');
}

function wordsOf({ commands, options, arguments: args }: CommandNode): Word[] {
  return [
    ...commands.map(({ name, description }) => ({ word: name, description })),
    ...args.flatMap(({ choices, description }) => choices.map((word) => ({ word, description }))),
    ...options.flatMap(({ names, description }) => names.slice(0, 1).map((word) => ({ word, description }))),
    { word: '--help', description: 'display help for command' },
  ];
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const fishQuoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
