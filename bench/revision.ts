/** Checks out another revision beside this one and compares both, with the packages that are installed here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuOfSync } from './bulk.ts';
import { compareStart, ownRoot } from './footprint.ts';
import { type Figures, median, round } from './measure.ts';
import { cpuOfRealtime } from './realtime.ts';

/** Measures CPU seconds per record with the flags of a container of 512 MB. */
type Workload = (serviceFile: string) => Promise<number>;

const workloads: Record<string, Workload> = {
  'realtime orders, CPU': (serviceFile) => cpuOfRealtime(2_000, serviceFile),
  'bulk orders, CPU': (serviceFile) => cpuOfSync('orders', 20_000, serviceFile),
  'bulk customers, CPU': (serviceFile) => cpuOfSync('customers', 100_000, serviceFile),
  'first catalogue sync, CPU': (serviceFile) => cpuOfSync('products', 10_000, serviceFile),
};

/**
 * Compares start, idle memory and CPU; a ratio below 1 is an improvement. Both revisions are measured by turns, so that what
 * else the machine does weighs on both.
 * @param revision as git names it, such as `main~3`
 * @param print called as soon as something is measured
 */
export async function compareRevision(
  revision: string,
  { rounds, print }: { rounds: number; print(title: string, figures: Figures): void },
): Promise<void> {
  const folder = join(mkdtempSync(join(tmpdir(), 'ctk-bench-')), 'revision');
  const git = (...args: string[]) => execFileSync('git', ['worktree', ...args], { cwd: ownRoot, stdio: 'pipe' });
  git('add', '--detach', folder, revision);
  try {
    symlinkSync(join(ownRoot, 'node_modules'), join(folder, 'node_modules'));
    print('start and idle, from source', await compareStart(folder, rounds));
    for (const [name, measure] of Object.entries(workloads)) print(name, await compareCpu(measure, folder, rounds));
  } finally {
    git('remove', '--force', folder);
  }
}

async function compareCpu(measure: Workload, folder: string, rounds: number): Promise<Figures> {
  const own: number[] = [];
  const base: number[] = [];
  for (let count = 0; count < rounds; count += 1) {
    own.push(await measure(join(ownRoot, 'bench/service.ts')));
    base.push(await measure(join(folder, 'bench/service.ts')));
  }
  const milliseconds = (seconds: readonly number[]) => round(median(seconds) * 1_000, 3);
  return {
    'CPU ratio': round(median(own) / median(base)),
    'CPU ms each': `${milliseconds(own)} against ${milliseconds(base)}`,
  };
}
