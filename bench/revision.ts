/** Checks out another revision beside this one and compares both, with the packages that are installed here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareStart, ownRoot } from './footprint.ts';
import type { Figures } from './measure.ts';

/** @param revision as git names it, such as `main~3` */
export async function compareRevision(revision: string, rounds: number): Promise<Figures> {
  const folder = join(mkdtempSync(join(tmpdir(), 'ctk-bench-')), 'revision');
  const git = (...args: string[]) => execFileSync('git', ['worktree', ...args], { cwd: ownRoot, stdio: 'pipe' });
  git('add', '--detach', folder, revision);
  try {
    symlinkSync(join(ownRoot, 'node_modules'), join(folder, 'node_modules'));
    return await compareStart(folder, rounds);
  } finally {
    git('remove', '--force', folder);
  }
}
