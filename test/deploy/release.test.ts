/** The step of the release workflow that pins the base image, run with a docker command that answers as a registry does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';

const step = z.looseObject({
  id: z.string().optional(),
  run: z.string().optional(),
  with: z.looseObject({ 'build-args': z.string().optional() }).optional(),
});
const workflow = z.object({ jobs: z.object({ image: z.object({ steps: z.array(step) }) }) });
const { steps } = workflow.parse(parse(readFileSync('.github/workflows/release.yml', 'utf8'))).jobs.image;

/** @returns the exit code of the step, what docker was asked, and the outputs of the step */
function pin(answer: string) {
  const folder = mkdtempSync(join(tmpdir(), 'ctk-release-'));
  const [asked, outputs] = [join(folder, 'asked'), join(folder, 'outputs')];
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho "$@" > '${asked}'\necho '${answer}'\n`, { mode: 0o755 });
  writeFileSync(outputs, '');
  const script = steps.find(({ id }) => id === 'base')?.run ?? '';
  // GitHub runs steps like this.
  const { status } = spawnSync('bash', ['-eo', 'pipefail', '-c', script], {
    env: { PATH: `${folder}:${process.env.PATH ?? ''}`, GITHUB_OUTPUT: outputs },
  });
  const result = { status, asked: readFileSync(asked, 'utf8'), outputs: readFileSync(outputs, 'utf8') };
  rmSync(folder, { recursive: true });
  return result;
}

test('the image is built from the digest of the version in the Dockerfile', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  const version = /^ARG BASE_IMAGE=([^@\n]+)/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? '';
  const { status, asked, outputs } = pin(digest);
  assert.deepEqual([status, outputs], [0, `image=${version}@${digest}\n`]);
  assert.ok(asked.startsWith(`buildx imagetools inspect ${version} `), asked);
  const buildArguments = steps.flatMap((one) => one.with?.['build-args'] ?? []);
  assert.deepEqual(buildArguments, ['BASE_IMAGE=${'.concat('{ steps.base.outputs.image }}')]);
});

test('a registry without an answer ends the release', () => {
  const { status, outputs } = pin('');
  assert.deepEqual([status === 0, outputs], [false, '']);
});
