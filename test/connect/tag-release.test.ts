/** Tests the release of the applications of commercetools Connect: a tag gets them, and no branch does. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';

const env = {
  ...process.env,
  GIT_AUTHOR_NAME: 'CI',
  GIT_AUTHOR_EMAIL: 'ci@example.com',
  GIT_COMMITTER_NAME: 'CI',
  GIT_COMMITTER_EMAIL: 'ci@example.com',
};

test('the tag moves to a commit with the folders, which is on no branch; a second time nothing changes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctk-tag-'));
  const [repository, built] = [join(folder, 'repository'), join(folder, 'built')];
  const files = ['event', 'service', 'job'].map((name) => `${name}/dist/main.js`);
  for (const file of files) {
    mkdirSync(join(built, file, '..'), { recursive: true });
    writeFileSync(join(built, file), file);
  }
  mkdirSync(repository);
  const inRepository = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: repository, env, encoding: 'utf8', stdio: 'pipe' }).trim();
  const git = (...args: string[]) => inRepository('git', ...args);
  const tagRelease = () => inRepository(process.execPath, resolve('scripts/connect/tag-release.ts'), 'v1.2.3', built);
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(repository, '.gitignore'), 'dist/\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
  git('tag', 'v1.2.3');
  assert.match(tagRelease(), /git push --force origin refs\/tags\/v1\.2\.3/);
  assert.deepEqual(git('ls-tree', '-r', '--name-only', 'v1.2.3').split('\n'), ['.gitignore', ...files.toSorted()]);
  assert.equal(git('ls-tree', '-r', '--name-only', 'main'), '.gitignore');
  assert.equal(git('rev-parse', 'v1.2.3^{commit}^'), git('rev-parse', 'main'));
  assert.equal(git('status', '--porcelain'), '');
  assert.match(tagRelease(), /holds event, service, job already/);
  rmSync(folder, { recursive: true });
});

test('the release workflow runs on tags and calls scripts that exist', () => {
  const workflow = z
    .object({
      on: z.object({ push: z.object({ tags: z.array(z.string()) }) }),
      jobs: z.object({ connect: z.object({ steps: z.array(z.object({ run: z.string().optional() })) }) }),
    })
    .parse(parse(readFileSync('.github/workflows/release.yml', 'utf8')));
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const commands = workflow.jobs.connect.steps.map(({ run = '' }) => run).join('\n');
  const called = [...commands.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
  assert.ok(called.includes('connect:build') && called.includes('connect:tag'));
  const names = ['build', ...Object.keys(scripts)];
  assert.deepEqual(
    called.filter((name) => !names.includes(name)),
    [],
  );
});
