/** `ctk sandbox`: starts the sandbox as a separate process, so that the service contains no code of it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CommandError, type ExitState, type Terminal } from '../output/terminal.ts';

const sandboxPackage = '@labdigital/commercetools-mock';

export function define(command: Command, _terminal: Terminal, exitState: ExitState): void {
  command
    .usage('[options]')
    // The sandbox parses its own options.
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .argument('[options...]')
    .action(async (args: string[]) => {
      const main = fileURLToPath(new URL('../../../sandbox/main.ts', import.meta.url));
      if (!existsSync(main) || !isInstalled(sandboxPackage))
        throw new CommandError(
          'the sandbox is not part of what is installed here: it needs the dev dependencies',
          'clone the repository, then: npm ci && npm run sandbox',
        );
      exitState.code = await run(main, args);
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

/** Ctrl-C reaches both processes; this one waits until the sandbox has ended. */
async function run(main: string, args: readonly string[]): Promise<ExitState['code']> {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' });
  const ignore = () => {};
  const forward = () => void child.kill('SIGTERM');
  process.on('SIGINT', ignore).on('SIGTERM', forward);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  process.off('SIGINT', ignore).off('SIGTERM', forward);
  return code === 0 ? 0 : 1;
}
