// The check of recorded requests: what it finds, and what it says when it cannot look.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadOpenApi, openApiPath } from './openapi.ts';

const folder = mkdtempSync(join(tmpdir(), 'contract-'));
after(() => rmSync(folder, { recursive: true }));

function check(lines: object[], flags: string[] = [], env: Record<string, string> = {}) {
  const record = join(folder, 'record.jsonl');
  writeFileSync(record, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const script = join(import.meta.dirname, 'check-requests.ts');
  const options = { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', ...env } } as const;
  return spawnSync(process.execPath, [script, record, ...flags], options);
}

function upsert(attributes: object, path = '/api/profile-import') {
  const body = { data: { type: 'profile', attributes } };
  return { method: 'POST', path, operation: 'create_or_update_profile', body };
}

test('without an OpenAPI file it says so aloud, and fails only where it is required', () => {
  const nowhere = { KLAVIYO_OPENAPI: join(folder, 'none.json') };
  const lenient = check([upsert({})], [], nowhere);
  assert.match(lenient.stdout, /not checked: no OpenAPI file at/);
  assert.equal(lenient.status, 0);
  assert.equal(check([upsert({})], ['--require'], nowhere).status, 1);
});

const skip = loadOpenApi() === undefined ? `NOT CHECKED: no OpenAPI file at ${openApiPath()}` : false;

describe('with an OpenAPI file', { skip }, () => {
  test('good bodies pass, with null where null may be and any property inside free-form objects', () => {
    const good = upsert({
      email: 'ada@example.com',
      title: null,
      location: { latitude: 1, city: null },
      properties: { any: { thing: [1] } },
    });
    const { stdout, status } = check([good, good], ['--require']);
    assert.match(stdout, /create_or_update_profile\s+2\s+0/);
    assert.equal(status, 0);
  });

  test('an unknown field, a wrong kind and a path that is none are found by pointer, and no value is printed', () => {
    const bad = [
      upsert({ email: 'ada@example.com', organisation: 'Analytical Engines' }),
      upsert({ email: 'ada@example.com', first_name: 42 }),
      upsert({ email: 'ada@example.com' }, '/api/profile-imports'),
    ];
    const { stdout, status } = check(bad);
    assert.match(stdout, /\/data\/attributes\/organisation: not a field of this object/);
    assert.match(stdout, /\/data\/attributes\/first_name: must be string/);
    assert.match(stdout, /not an operation of the API/);
    assert.doesNotMatch(stdout, /ada@|Analytical/);
    assert.equal(status, 1);
  });

  test('a record without a request proves nothing where it is required', () => {
    assert.deepEqual([check([]).status, check([], ['--require']).status], [0, 1]);
  });
});
