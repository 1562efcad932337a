/** The service as a process of its own, that can be killed at any moment and started again at the same port. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Processes are started again and again. */
const compiled = join(tmpdir(), 'ctk-chaos-compiled');
const clock = new URL('./clock.js', import.meta.url).href;

export interface Replica {
  url: string;
  /** Listens, as far as anybody knows. */
  isUp(): boolean;
  /** Resolves when it listens; at once where it does already. */
  start(): Promise<void>;
  /** Resolves with its exit code when it is gone; undefined where it was not there, null after a kill. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null | undefined>;
  /** Its clock is off by so much more. */
  shiftClock(byMs: number): void;
  /** Resident memory; 0 where it is not running, or the system does not say. */
  memoryBytes(): number;
  /** The last lines of its log. */
  log(): string[];
}

const maxLines = 3_000;

/** What callers of a replica need. */
export type RunningReplica = Pick<Replica, 'url' | 'isUp'>;

/** @param env its environment variables, except the port */
export async function createReplica(env: Record<string, string>, nodeFlags: readonly string[] = []): Promise<Replica> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  let up = false;
  let starting: Promise<void> | undefined;

  function launch(): Promise<void> {
    const started = fork(main, ['serve'], {
      env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compiled, ...env, PORT: String(port) },
      execArgv: [...nodeFlags, '--import', clock],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = started;
    return new Promise((resolve, reject) => {
      const note = (text: string) => {
        lines.push(...text.trimEnd().split('\n'));
        lines.splice(0, lines.length - maxLines);
        if (!text.includes('"msg":"started"')) return;
        up = child === started;
        resolve();
      };
      started.stdout?.setEncoding('utf8').on('data', note);
      started.stderr?.setEncoding('utf8').on('data', note);
      started.once('exit', (code, signal) => {
        lines.push(`-- ended: ${code ?? signal}`);
        if (child !== started) return;
        child = undefined;
        up = false;
        // Killed before it was up is no failure of its own.
        if (signal === null) reject(new Error(`a replica ended with code ${code}:\n${lines.slice(-10).join('\n')}`));
        else resolve();
      });
    });
  }

  return {
    url,
    isUp: () => up,
    async start() {
      if (up) return;
      starting ??= launch().finally(() => {
        starting = undefined;
      });
      await starting;
    },
    async end(signal) {
      const ending = child;
      if (!ending) return undefined;
      const gone = new Promise<number | null>((resolve) => ending.once('exit', resolve));
      if (signal === 'SIGKILL') up = false;
      ending.kill(signal);
      return gone;
    },
    shiftClock(byMs) {
      // Who dies just then does not hear it.
      if (child?.connected) child.send({ byMs }, () => undefined);
    },
    memoryBytes() {
      if (child?.pid === undefined || process.platform !== 'linux') return 0;
      const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kilobytes) * 1_024;
    },
    log: () => [...lines],
  };
}
