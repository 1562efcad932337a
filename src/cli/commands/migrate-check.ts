/** `ctk migrate-check`: what becomes of an environment of the open-source plugin, variable by variable. Asks no API. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import { type Config, ConfigError, processEnvironment, readConfig } from '../../config/config.ts';
import { adviceOf, type Fate, fateOf } from '../../config/plugin-migration.ts';
import { CommandFailed, type Ran, type Terminal } from '../output/terminal.ts';

export function addMigrateCheck(program: Command, terminal: Terminal, ran: Ran): void {
  program
    .command('migrate-check')
    .description('say what becomes of an environment of the open-source plugin; values are not shown')
    .argument('[file]', 'an env file (NAME=value lines); without one the environment of this process')
    .action((file: string | undefined) => {
      const said = file === undefined ? processEnvironment() : readEnvFile(file);
      const names = Object.keys(said).filter((name) => said[name]);
      const fates = names.map(fateOf);
      // Of a whole process only what is known says something.
      show(file === undefined ? fates.filter(({ becomes }) => becomes !== 'not read') : fates, terminal);
      ran.code = judge(said, terminal) ? 0 : 1;
    });
}

function readEnvFile(file: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch {
    throw new CommandFailed(`${file} can't be read: give the path of a file with NAME=value lines`);
  }
}

function show(fates: readonly Fate[], terminal: Terminal): void {
  const { green, yellow, dim } = terminal.colors;
  const paint = { 'the same': green, changed: yellow, 'without effect': dim, 'not read': yellow };
  const width = Math.max(0, ...fates.map(({ name }) => name.length));
  for (const { name, becomes, detail } of fates)
    terminal.line(`${paint[becomes](becomes.padEnd(14))}  ${name.padEnd(width)}  ${detail}`);
}

/** Reads it as the service would. @returns whether the service would start with it */
function judge(said: Record<string, string | undefined>, terminal: Terminal): boolean {
  const read = tryRead(said);
  if ('problems' in read) {
    terminal.line('\nThe service would not start with it:');
    for (const problem of read.problems) terminal.line(`  - ${problem}`);
    return false;
  }
  terminal.line('\nThe service starts with it. What to do, and what to expect:');
  for (const line of [...read.config.warnings, ...adviceOf(read.config)]) terminal.line(`  - ${line}`);
  return true;
}

function tryRead(said: Record<string, string | undefined>): { config: Config } | { problems: readonly string[] } {
  try {
    return { config: readConfig(said) };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { problems: thrown.problems };
    throw thrown;
  }
}
