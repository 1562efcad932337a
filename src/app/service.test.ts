/** Tests that a part that can't be shut down does not keep the others from being shut down. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startTestEnv } from '../../test/test-env.ts';

test('a stop resolves and says so when a part could not be shut down', async () => {
  await using testEnv = await startTestEnv();
  const { runs } = testEnv.app;
  const shutdown = runs.shutdown;
  runs.shutdown = async () => {
    await shutdown();
    throw new TypeError('bug');
  };
  await testEnv.app.stop();
  runs.shutdown = shutdown;
  assert.match(testEnv.logged.join('\n'), /a part could not be shut down: bug/);
  assert.match(testEnv.logged.join('\n'), /"msg":"stopped"/);
  const answers = () =>
    fetch(testEnv.service).then(
      () => true,
      () => false,
    );
  while (await answers()) await turn();
});
