/** Files of variables: `.env` in the working directory, one that `--env` names, and that of the running sandbox. */
import { existsSync } from 'node:fs';
import { ConfigError } from '../config.ts';
import { processEnvironment } from '../process-environment.ts';
import { connectNames, variables } from './environment.ts';

const defaultEnvironmentFile = '.env';
const sandboxEnvironmentFile = '.env.sandbox';

/** Adds the variables of a file; variables that are set already win. @throws ConfigError if the file can't be read */
export function loadEnvironment(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch {
    throw new ConfigError([`there is no readable file ${file}; ctk init writes one`]);
  }
}

/**
 * Adds the variables of `.env` in the working directory, if there is one; variables that are set already win.
 * @returns whether there is one
 */
export function loadDefaultEnvironment(): boolean {
  if (!existsSync(defaultEnvironmentFile)) return false;
  loadEnvironment(defaultEnvironmentFile);
  return true;
}

/** Replaces all variables by those of the running sandbox. @throws ConfigError if none runs in the working directory */
export function useSandboxEnvironment(): void {
  if (!existsSync(sandboxEnvironmentFile))
    throw new ConfigError([
      `no sandbox runs here (there is no ${sandboxEnvironmentFile}): start one with npm run sandbox`,
    ]);
  // A key of a real account must not reach a command that is meant for the sandbox.
  const environment = processEnvironment();
  for (const name of [...variables.map(({ name }) => name), ...Object.keys(connectNames)]) delete environment[name];
  loadEnvironment(sandboxEnvironmentFile);
}
