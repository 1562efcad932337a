/**
 * What `npm ci --omit=dev` installs, copied from this clone's own installation, which follows the same lock file: each real
 * installation takes a quarter of a minute. test/package/ installs for real.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';

const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** Fills `node_modules` of a folder. */
export function copyProductionModules(folder: string): void {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  // Packages for other platforms are in the lock, but not on the disk.
  const paths = Object.keys(packages).filter((path) => path && !packages[path]?.dev && existsSync(path));
  assert.ok(paths.length > 100, 'the lock file has another format');
  for (const path of paths) {
    // A dependency within a package is in the lock by itself.
    const filter = (file: string) => file === path || basename(file) !== 'node_modules';
    cpSync(path, join(folder, path), { recursive: true, filter });
  }
}
