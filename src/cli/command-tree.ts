/** Converts commander's commands to plain data, for the docs and for shell completion. */
import type { Argument, Command, Option } from 'commander';

export interface CommandNode {
  /** Names below `ctk`, such as ['runs', 'list']; empty for `ctk` itself. */
  path: string[];
  description: string;
  /** Usage as in the help, such as `ctk runs list [options] [resource]`. */
  usage: string;
  commands: { name: string; description: string }[];
  options: { flags: string; names: string[]; takesValue: boolean; description: string; fallback?: string }[];
  arguments: { name: string; description: string; choices: readonly string[] }[];
}

export function treeOf(command: Command, path: string[] = []): CommandNode[] {
  const node: CommandNode = {
    path,
    description: command.description(),
    usage: ['ctk', ...path, command.usage()].join(' '),
    commands: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
    options: command.options.map(optionOf),
    arguments: command.registeredArguments.map(argumentOf),
  };
  return [node, ...command.commands.flatMap((child) => treeOf(child, [...path, child.name()]))];
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
