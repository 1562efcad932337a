/** Asks for a confirmation of what can't be undone, at a terminal; elsewhere `--yes` stands for it. */
import { CommandError, type Terminal } from './terminal.ts';

export interface Confirmation {
  /** What happens, such as "this sync of orders sends up to 12 events that can trigger flows". */
  consequence: string;
  /** What has to be typed, such as the name of the resource. */
  name: string;
  yes: boolean | undefined;
}

/** Resolves if it was confirmed. @throws CommandError otherwise */
export async function getConfirmation({ consequence, name, yes }: Confirmation, terminal: Terminal): Promise<void> {
  if (yes) return;
  if (!canAsk(terminal)) throw new CommandError(consequence, 'not an interactive terminal: pass --yes to confirm it');
  const { isCancel, text } = await import('@clack/prompts');
  terminal.line(terminal.colors.yellow(`${consequence}.`));
  const answer = await text({ message: `Type ${name} to confirm` });
  if (isCancel(answer) || answer?.trim() !== name) throw new CommandError('not confirmed; nothing was done');
}

export function canAsk({ interactive }: Terminal): boolean {
  return interactive && process.stdin.isTTY === true;
}
