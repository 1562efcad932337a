/** `ctk completion`: prints the script of a shell. */
import { Argument, type Command } from 'commander';
import { treeOf } from '../command-tree.ts';
import type { Terminal } from '../output/terminal.ts';
import { completionScript, type Shell, shells } from './completion.ts';

export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a script that completes ctk in a shell: put it where the shell finds it')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => terminal.line(completionScript(shell, treeOf(program)).trimEnd()));
}
