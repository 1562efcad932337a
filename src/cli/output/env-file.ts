/** A file of variables, as `node --env-file`, `ctk --env` and containers read it. It holds secrets: its owner's only. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

const ownersOnly = 0o600;

export interface EnvFile {
  path: string;
  values: Record<string, string>;
  /** What is there may be replaced. */
  overwrite: boolean;
}

/** @returns whether it was written; not, where there is one that may not be replaced */
export async function writeEnvFile({ path, values, overwrite }: EnvFile): Promise<boolean> {
  const text = envText(values);
  if (!overwrite) return write(path, text);
  // What is there keeps its mode, and would be half written for a moment.
  const fresh = `${path}.${randomUUID().slice(0, 8)}`;
  await write(fresh, text);
  await rename(fresh, path);
  return true;
}

export const isThere = (path: string) => existsSync(path);

async function write(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { mode: ownersOnly, flag: 'wx' });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

function envText(values: Record<string, string>): string {
  const lines = Object.entries(values).map(
    ([name, value]) => `${name}=${/[\s#"'`]/.test(value) ? `"${value}"` : value}`,
  );
  return `# Written by ctk init. Holds secrets: never commit it.\n${lines.join('\n')}\n`;
}
