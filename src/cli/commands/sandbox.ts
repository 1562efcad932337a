/** `ctk sandbox`: starts the sandbox as a process of its own, so that nothing of it is ever part of the service. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CommandFailed, type Ran } from '../output/terminal.ts';

/** The fake shop's engine, which production does not install. */
const engine = '@labdigital/commercetools-mock';

export function addSandbox(program: Command, ran: Ran): void {
  const command = program
    .command('sandbox')
    .usage('[options]')
    .description('start the local sandbox with demo data: mock APIs and the real service; --help lists its options')
    // The sandbox parses its own options, so that the service holds nothing of it.
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .argument('[options...]');
  command.action(async (args: string[]) => {
    const main = fileURLToPath(new URL('../../../sandbox/main.ts', import.meta.url));
    if (!existsSync(main) || !isInstalled(engine))
      throw new CommandFailed(
        'the sandbox is not part of what is installed here: it needs the dev dependencies',
        'clone the repository, then: npm ci && npm run sandbox',
      );
    ran.code = await run(main, args);
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
