/** `ctk sandbox`: starts the sandbox as a process of its own, so that nothing of it is ever part of the service. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { withSandboxOptions } from './sandbox-options.ts';
import { CommandFailed, type Ran } from './terminal.ts';

/** The fake shop's engine, which production does not install. */
const engine = '@labdigital/commercetools-mock';

export function addSandbox(program: Command, ran: Ran): void {
  const command = withSandboxOptions(program.command('sandbox'));
  command.action(async () => {
    const main = fileURLToPath(new URL(`../sandbox/main${extname(import.meta.url)}`, import.meta.url));
    if (!existsSync(main) || !isInstalled(engine))
      throw new CommandFailed(
        'the sandbox is not part of what is installed here: it needs the dev dependencies',
        'clone the repository, then: npm ci && npm run sandbox',
      );
    ran.code = await run(main, typed(command));
  });
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The options as they were typed. */
function typed(command: Command): string[] {
  return command.options.flatMap((option) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') return [];
    const value: unknown = command.getOptionValue(name);
    return value === true ? [option.long ?? ''] : [option.long ?? '', String(value)];
  });
}

/** Ctrl-C reaches both: this one waits for the other. */
async function run(main: string, args: readonly string[]): Promise<Ran['code']> {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' });
  const wait = () => {};
  const pass = () => void child.kill('SIGTERM');
  process.on('SIGINT', wait).on('SIGTERM', pass);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  process.off('SIGINT', wait).off('SIGTERM', pass);
  return code === 0 ? 0 : 1;
}
