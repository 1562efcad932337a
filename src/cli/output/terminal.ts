/** What the commands print with: colours in a terminal, plain text elsewhere. */
import picocolors from 'picocolors';

export interface Terminal {
  /** To standard output. */
  line(text?: string): void;
  /** Data to standard output, as JSON. */
  json(value: unknown): void;
  /** To standard error. */
  problem(text: string): void;
  /** A person watches. */
  interactive: boolean;
  colors: ReturnType<typeof picocolors.createColors>;
}

export function createTerminal(): Terminal {
  const interactive = process.stdout.isTTY === true;
  const line = (text = '') => void process.stdout.write(`${text}\n`);
  return {
    line,
    json: (value) => line(JSON.stringify(value, undefined, 2)),
    problem: (text) => process.stderr.write(`${text}\n`),
    interactive,
    colors: picocolors.createColors(interactive && picocolors.isColorSupported),
  };
}

/** Progress that nobody wants to see: standard output belongs to the data. */
export function silent(terminal: Terminal): Terminal {
  return { ...terminal, interactive: false, line: () => {} };
}

/** What main.ts exits with: 0 done, 1 failed, refused or stopped, with the reason on standard error (docs/cli.md). */
export interface Ran {
  code: 0 | 1;
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
