/**
 * Puts the applications that `npm run connect:build` has written onto a release tag: `npm run connect:tag -- <tag>`. The tag
 * moves to a commit on top of the tagged one, which adds the folders and is on no branch. Run again, it changes nothing.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { applications } from './manifest.ts';

const [tag, built = 'artifacts/connect'] = process.argv.slice(2);
if (tag === undefined) throw new Error('name the tag: npm run connect:tag -- v1.2.3');

const repository = process.cwd();
const temporary = mkdtempSync(join(tmpdir(), 'ctk-tag-'));
// An index of its own: the checkout and what is staged in it stay as they are.
const env = { ...process.env, GIT_INDEX_FILE: join(temporary, 'index') };

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: repository, env, encoding: 'utf8' }).trim();
}

try {
  const tagged = git('rev-parse', `refs/tags/${tag}^{commit}`);
  const folders = Object.keys(applications);
  git('read-tree', tagged);
  // dist/ is ignored elsewhere, hence --force.
  git(`--work-tree=${resolve(built)}`, 'add', '--force', '--', ...folders);
  const tree = git('write-tree');
  if (tree === git('rev-parse', `${tagged}^{tree}`)) {
    console.log(`${tag} holds ${folders.join(', ')} already`);
  } else {
    const commit = git('commit-tree', tree, '-p', tagged, '-m', `connect: applications of ${tag}`);
    git('tag', '--force', '--annotate', '-m', `${tag} with the applications of commercetools Connect`, tag, commit);
    console.log(`${tag} is ${commit} now; push it with: git push --force origin refs/tags/${tag}`);
  }
} finally {
  rmSync(temporary, { recursive: true });
}
