/** `.env.sandbox`, with which `ctk --sandbox` talks to the running sandbox. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const sandboxEnvironmentFile = '.env.sandbox';

/** @returns a function that removes the file */
export function writeSandboxEnvironment(environment: Record<string, string>): () => void {
  const { PATH: _, ...variables } = environment;
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(sandboxEnvironmentFile, `# Of the running sandbox; removed when it ends.\n${lines.join('\n')}\n`);
  return () => rmSync(sandboxEnvironmentFile, { force: true });
}

/** @throws Error if no sandbox runs here */
export function readSandboxEnvironment(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(sandboxEnvironmentFile, 'utf8'));
  } catch {
    throw new Error(`no sandbox runs here (there is no ${sandboxEnvironmentFile}): start one with npm run sandbox`);
  }
}
