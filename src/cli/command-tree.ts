/** The commands as commander knows them, as plain data: for the docs and for shell completion. */
import type { Argument, Command, Option } from 'commander';

export interface CommandNode {
  /** Below `ctk`, such as ['runs', 'list']; empty for itself. */
  path: string[];
  description: string;
  /** As help shows it, such as `ctk runs list [options] [resource]`. */
  usage: string;
  commands: { name: string; description: string }[];
  options: { flags: string; names: string[]; takesValue: boolean; description: string; fallback?: string }[];
  arguments: { name: string; description: string; choices: readonly string[] }[];
}

/** @returns the command itself first, then those below it, in the order in which they were added */
export function treeOf(command: Command, path: string[] = []): CommandNode[] {
  const node: CommandNode = {
    path,
    description: command.description(),
    usage: ['ctk', ...path, command.usage()].join(' '),
    commands: command.commands.map((one) => ({ name: one.name(), description: one.description() })),
    options: command.options.map(optionOf),
    arguments: command.registeredArguments.map(argumentOf),
  };
  return [node, ...command.commands.flatMap((one) => treeOf(one, [...path, one.name()]))];
}

function optionOf({ flags, long, short, required, optional, description, defaultValue, negate }: Option) {
  const fallback = defaultValue === undefined || negate ? {} : { fallback: String(defaultValue) };
  return {
    flags,
    names: [long, short].flatMap((name) => name ?? []),
    takesValue: required || optional,
    description,
    ...fallback,
  };
}

function argumentOf(argument: Argument) {
  return { name: argument.name(), description: argument.description, choices: argument.argChoices ?? [] };
}
