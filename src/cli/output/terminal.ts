/** Output of commands: colours in a terminal, plain text elsewhere. */
import picocolors from 'picocolors';
import { createLogOutput, type LogOutput } from './log-output.ts';

export interface Terminal {
  line(text?: string): void;
  json(value: unknown): void;
  problem(text: string): void;
  /** Takes the lines of the log. */
  logOutput: LogOutput;
  interactive: boolean;
  colors: ReturnType<typeof picocolors.createColors>;
}

/** @param asTyped converts the commands in a text to what has to be typed here; data in JSON stays as it is */
export function createTerminal(asTyped: (text: string) => string = (text) => text): Terminal {
  const interactive = process.stdout.isTTY === true;
  const write = (text: string) => void process.stdout.write(`${presentable(text)}\n`);
  return {
    logOutput: createLogOutput(process.stdout.fd),
    line: (text = '') => write(asTyped(text)),
    json: (value) => write(JSON.stringify(value, undefined, 2)),
    problem: (text) => void process.stderr.write(`${presentable(asTyped(text))}\n`),
    interactive,
    colors: picocolors.createColors(interactive && picocolors.isColorSupported),
  };
}

/** Everything but colours, tabs and line breaks: records and answers of servers must not control the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const control = /\x1b(?!\[[\d;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g;

export function presentable(text: string): string {
  return text.replace(control, '');
}

/** @returns a terminal without progress, so that standard output holds only data */
export function silent(terminal: Terminal): Terminal {
  return { ...terminal, interactive: false, line: () => {} };
}

/** Exit code of the process: 0 completed, 1 failed, rejected or stopped, with the reason on standard error (docs/cli.md). */
export interface ExitState {
  code: 0 | 1;
}

/** Ends a command with lines that name the problem and the fix. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly lines: readonly string[];
  constructor(...lines: string[]) {
    super(lines[0]);
    this.lines = lines;
  }
}
