/** The `ctk` command line as somebody types it. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type Ended, type Env, type Running, startProgram } from '../program.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** @param env all that the process is given, but for where programs are */
export function start(args: readonly string[], env: Env = {}): Running {
  return startProgram(process.execPath, [main, ...args], { NODE_CONFIG_DIR: '/nowhere', ...env });
}

/** Runs a command to its end. Whatever happens, nobody sees a stack trace or a secret. */
export async function ctk(args: readonly string[], env: Env = {}): Promise<Ended> {
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
