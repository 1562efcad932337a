/** Tests the faults that people start by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { switchFault } from '../fault-command.ts';
import { startKlaviyoSandbox } from './sandbox.ts';

async function start() {
  const sandbox = await startKlaviyoSandbox({ limits: 'none', jobMs: 1, record: false });
  const status = async () => {
    const headers = { authorization: 'Klaviyo-API-Key pk_sandbox', revision: '2026-07-15' };
    return (await fetch(`${sandbox.url}/api/metrics`, { headers })).status;
  };
  return { sandbox, status };
}

test('a fault is started and ended by name, and the list says which are on', async () => {
  const { sandbox, status } = await start();
  try {
    const before = await status();
    const lines = await switchFault(sandbox.url, 'klaviyo-down', false);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('on')).map((line) => line.split(/ +/)[1]),
      ['klaviyo-down'],
    );
    assert.equal(await status(), 503);
    assert.ok((await switchFault(sandbox.url, 'klaviyo-down', true)).every((line) => line.startsWith('off')));
    assert.equal(await status(), before);
  } finally {
    await sandbox.stop();
  }
});

test('an unknown fault is refused with the names of all', async () => {
  const { sandbox } = await start();
  await assert.rejects(
    switchFault(sandbox.url, 'flood', false),
    /klaviyo-down, rate-limited, rejected-records, slow-jobs/,
  );
  await sandbox.stop();
});

test('a sandbox that does not run is said', async () => {
  const { sandbox } = await start();
  await sandbox.stop();
  await assert.rejects(switchFault(sandbox.url, 'klaviyo-down', false), /does not answer/);
});
