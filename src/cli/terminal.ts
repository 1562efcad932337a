/** What the commands print with: colours in a terminal, plain text elsewhere. */
import picocolors from 'picocolors';

export interface Terminal {
  /** To standard output. */
  line(text?: string): void;
  /** To standard error. */
  problem(text: string): void;
  /** A person watches. */
  interactive: boolean;
  colors: ReturnType<typeof picocolors.createColors>;
}

export function createTerminal(): Terminal {
  const interactive = process.stdout.isTTY === true;
  return {
    line: (text = '') => process.stdout.write(`${text}\n`),
    problem: (text) => process.stderr.write(`${text}\n`),
    interactive,
    colors: picocolors.createColors(interactive && picocolors.isColorSupported),
  };
}

/** A command can't go on: said in one line, with the way out. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly lines: readonly string[];
  constructor(...lines: string[]) {
    super(lines[0]);
    this.lines = lines;
  }
}
