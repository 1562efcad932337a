/** Writes a file of variables for `node --env-file`, `ctk --env` and containers. Only its owner can read it, because it holds secrets. */
import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

const ownerOnlyMode = 0o600;

export interface EnvFile {
  path: string;
  values: Record<string, string>;
  overwrite: boolean;
}

/** @returns false if the file exists and must not be replaced */
export async function writeEnvFile({ path, values, overwrite }: EnvFile): Promise<boolean> {
  const text = envText(values);
  if (!overwrite) return create(path, text);
  // Overwriting in place would keep the old mode, and readers could see a partial file.
  const temporary = `${path}.${randomUUID().slice(0, 8)}`;
  await create(temporary, text);
  await rename(temporary, path);
  return true;
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { mode: ownerOnlyMode, flag: 'wx' });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

function quoted(value: string): string {
  if (!/[\s#"'`]/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

function envText(values: Record<string, string>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  return `# Written by ctk init. Holds secrets: never commit it.\n${lines.join('\n')}\n`;
}
