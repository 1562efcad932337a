/** `ctk migrate-check`: shows the effect of each variable of the open-source plugin's environment. Calls no API. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import { type Config, ConfigError, processEnvironment, readConfig } from '../../config/config.ts';
import { migrationAdvice, migrationOf, type VariableMigration } from '../../config/plugin-migration.ts';
import { CommandError, type ExitState, type Terminal } from '../output/terminal.ts';

export function addMigrateCheck(program: Command, terminal: Terminal, exitState: ExitState): void {
  program
    .command('migrate-check')
    .description('say what becomes of an environment of the open-source plugin; values are not shown')
    .argument('[file]', 'an env file (NAME=value lines); without one the environment of this process')
    .action((file: string | undefined) => {
      const env = file === undefined ? processEnvironment() : readEnvFile(file);
      const names = Object.keys(env).filter((name) => env[name]);
      const migrations = names.map(migrationOf);
      // The environment of a process holds many unrelated variables.
      show(file === undefined ? migrations.filter(({ effect }) => effect !== 'not read') : migrations, terminal);
      exitState.code = report(env, terminal) ? 0 : 1;
    });
}

function readEnvFile(file: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch {
    throw new CommandError(`${file} can't be read: give the path of a file with NAME=value lines`);
  }
}

function show(migrations: readonly VariableMigration[], terminal: Terminal): void {
  const { green, yellow, dim } = terminal.colors;
  const paint = { 'the same': green, changed: yellow, 'without effect': dim, 'not read': yellow };
  const width = Math.max(0, ...migrations.map(({ name }) => name.length));
  for (const { name, effect, detail } of migrations)
    terminal.line(`${paint[effect](effect.padEnd(14))}  ${name.padEnd(width)}  ${detail}`);
}

/** Reads the environment as the service does. @returns whether the service would start with it */
function report(env: Record<string, string | undefined>, terminal: Terminal): boolean {
  const result = tryRead(env);
  if ('problems' in result) {
    terminal.line('\nThe service would not start with it:');
    for (const problem of result.problems) terminal.line(`  - ${problem}`);
    return false;
  }
  terminal.line('\nThe service starts with it. What to do, and what to expect:');
  for (const line of [...result.config.warnings, ...migrationAdvice(result.config)]) terminal.line(`  - ${line}`);
  return true;
}

function tryRead(env: Record<string, string | undefined>): { config: Config } | { problems: readonly string[] } {
  try {
    return { config: readConfig(env) };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { problems: thrown.problems };
    throw thrown;
  }
}
