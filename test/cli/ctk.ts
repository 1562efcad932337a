/** The `ctk` command line as somebody types it: a process of its own, with what it prints and how it ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

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
  ended: Promise<Ended>;
}

/** @param env all that the process is given, but for where programs are */
export function start(args: readonly string[], env: Record<string, string | undefined> = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, NODE_CONFIG_DIR: '/nowhere', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
  return {
    ended,
    signal: (name) => void child.kill(name),
    printed(pattern) {
      const found = new Promise<RegExpExecArray>((resolve) => {
        const look = () => {
          const match = pattern.exec(out);
          if (match) resolve(match);
        };
        listeners.add(look);
        look();
      });
      const tooLate = ended.then(({ code }): never => {
        throw new Error(`ended with code ${code} before it printed ${pattern}:\n${out}\n${err}`);
      });
      return Promise.race([found, tooLate]);
    },
  };
}

/** Runs a command to its end. Whatever happens, nobody sees a stack trace or a secret. */
export async function ctk(args: readonly string[], env: Record<string, string | undefined> = {}): Promise<Ended> {
  const ended = await start(args, env).ended;
  assertPresentable(ended);
  return ended;
}

export function assertPresentable({ out, err }: Ended): void {
  for (const text of [out, err]) {
    assert.doesNotMatch(text, /^\s+at .*:\d+|node:internal|\.ts:\d+/m);
    assert.doesNotMatch(text, /pk_sandbox|pk_very_secret|sandbox-secret|top-secret/);
  }
}
