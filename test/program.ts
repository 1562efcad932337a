/** Runs a program in a process of its own, and returns what it prints and how it ends. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ended {
  code: number | null;
  /** Standard output and standard error. */
  out: string;
  err: string;
}

export interface Running {
  /** Resolves with the first text of standard output that matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: 'SIGINT' | 'SIGTERM'): void;
  /** Writes to standard input, which stays open until the program ends. */
  type(text: string): void;
  ended: Promise<Ended>;
}

export type Env = Record<string, string | undefined>;

/** Shared by all processes that tests start: the service's sources are compiled once. */
const compileCache = join(tmpdir(), 'ctk-compile-cache');

/** @param env all that the process is given, but for where programs are */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Env = {},
  options: { stdin?: 'pipe' } = {},
): Running {
  // npm and script start others: a group of their own is signalled whole, as a terminal does. Node stays in the test's
  // group, so that it ends with it.
  const group = file !== process.execPath;
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
    detached: group,
  });
  const kill = (name: NodeJS.Signals) => void (child.pid && process.kill(group ? -child.pid : child.pid, name));
  const leaveNothing = () => kill('SIGKILL');
  process.once('exit', leaveNothing);
  let [out, err] = ['', ''];
  const listeners = new Set<() => void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const listener of listeners) listener();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      process.off('exit', leaveNothing);
      resolve({ code, out, err });
    });
  });
  return {
    ended,
    signal: kill,
    type: (text) => void child.stdin?.write(text),
    printed(pattern) {
      const found = new Promise<RegExpExecArray>((resolve) => {
        const check = () => {
          const match = pattern.exec(out);
          if (match) resolve(match);
        };
        listeners.add(check);
        check();
      });
      const tooLate = ended.then(({ code }): never => {
        throw new Error(`ended with code ${code} before it printed ${pattern}:\n${out}\n${err}`);
      });
      return Promise.race([found, tooLate]);
    },
  };
}
