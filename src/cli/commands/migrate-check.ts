/** `ctk migrate-check`: shows the effect of each variable of the open-source plugin's environment. Calls no API without `--records`. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import pino from 'pino';
import { createComponents } from '../../app/components.ts';
import { type Config, ConfigError, readConfig } from '../../config/config.ts';
import { migrationAdvice, migrationOf, type VariableMigration } from '../../config/plugin-migration.ts';
import { processEnvironment } from '../../config/process-environment.ts';
import { messageOf } from '../../lib/errors.ts';
import { recordDifferences } from '../check/migration-records.ts';
import { CommandError, type ExitState, type Terminal } from '../output/terminal.ts';

export function define(command: Command, terminal: Terminal, exitState: ExitState): void {
  command
    .argument('[file]', 'an env file (NAME=value lines); without one the environment of this process')
    .option('--records', 'also read the shop, and count what will differ from what the plugin wrote')
    .action(async (file: string | undefined, options: { records?: true }) => {
      const env = file === undefined ? processEnvironment() : readEnvFile(file);
      const names = Object.keys(env).filter((name) => env[name]);
      const migrations = names.map(migrationOf);
      // The environment of a process holds many unrelated variables.
      show(file === undefined ? migrations.filter(({ effect }) => effect !== 'not read') : migrations, terminal);
      const config = report(env, terminal);
      if (config && options.records) await reportRecords(config, terminal);
      exitState.code = config ? 0 : 1;
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

/** Reads the environment as the service does. @returns the configuration, if the service would start with it */
function report(env: Record<string, string | undefined>, terminal: Terminal): Config | undefined {
  const result = tryRead(env);
  if ('problems' in result) {
    terminal.line('\nThe service would not start with it:');
    for (const problem of result.problems) terminal.line(`  - ${problem}`);
    return undefined;
  }
  terminal.line('\nThe service starts with it. What to do, and what to expect:');
  for (const line of [...result.config.warnings, ...migrationAdvice(result.config)]) terminal.line(`  - ${line}`);
  return result.config;
}

async function reportRecords(config: Config, terminal: Terminal): Promise<void> {
  const components = createComponents(config, pino({ level: 'silent' }), { claim: 'own' });
  try {
    terminal.line('\nIn the shop:');
    for (const line of await recordDifferences(config, components.commercetools)) terminal.line(`  - ${line}`);
  } catch (thrown) {
    throw new CommandError(`the shop can't be read: ${messageOf(thrown)}`);
  } finally {
    await components.stop();
  }
}

function tryRead(env: Record<string, string | undefined>): { config: Config } | { problems: readonly string[] } {
  try {
    return { config: readConfig(env) };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { problems: thrown.problems };
    throw thrown;
  }
}
