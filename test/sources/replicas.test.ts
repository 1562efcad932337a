/** Three processes on one queue and one Klaviyo account with its real limits; one of them is stopped in the middle. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { customer } from '../fixtures/customer.ts';
import { changeDelivery } from '../fixtures/message.ts';
import { startTestEnv } from '../test-env.ts';
import { sqs } from './sqs-broker.ts';

/** `ctk serve`; counts the messages that it finished. */
function serve(env: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, ['src/main.ts', 'serve'], {
    env: { ...env, PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const replica = {
    started: false,
    finished: 0,
    ended: new Promise<number | null>((resolve) => child.once('exit', resolve)),
    stop: () => child.kill('SIGTERM'),
  };
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"msg":"started"')) replica.started = true;
      if (line.includes('"msg":"message"') && !line.includes('"outcome":"retried"')) replica.finished += 1;
    });
  return replica;
}

const seen = z.object({ counts: z.record(z.string(), z.record(z.string(), z.number())) });

/** What arrived at Klaviyo, and how much of it was refused for the quota. */
async function requests(klaviyo: string): Promise<{ refused: number; all: number }> {
  const { counts } = seen.parse(await (await fetch(`${klaviyo}/sandbox/requests`)).json());
  const statuses = Object.values(counts).flatMap((byStatus) => Object.entries(byStatus));
  const sum = (some: [string, number][]) => some.reduce((total, [, times]) => total + times, 0);
  return { refused: sum(statuses.filter(([status]) => status === '429')), all: sum(statuses) };
}

const count = 240;
const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

test('three replicas share a queue and the quota of one account, and a stop of one loses nothing', async () => {
  const broker = await sqs.start();
  // Of the world its sandboxes and addresses are used; its own service is asked nothing.
  await using testEnv = await startTestEnv({ klaviyo: { limits: 1 } });
  const people = Array.from({ length: count }, (_, index) =>
    customer({ id: idOf(index), email: `person-${index}@example.com`, addresses: [], customerNumber: `C-${index}` }),
  );
  await testEnv.addRecords('customer', ...people);
  const access = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const env = { ...testEnv.env, ...broker.env, ...access, PORT: '0', APP_TYPE: 'EVENT' };
  const replicas = [serve(env), serve(env), serve(env)];
  try {
    const messages = people.map(({ id }) =>
      JSON.stringify(changeDelivery('ResourceUpdated', { typeId: 'customer', id: String(id) })),
    );
    // One that is stopped before it has begun to listen for it just dies.
    while (!replicas.every(({ started }) => started)) await sleep(20);
    await broker.send(...messages.slice(0, count / 2));
    while (replicas.reduce((sum, { finished }) => sum + finished, 0) < count / 4) await sleep(20);
    replicas[0]?.stop();
    assert.equal(await replicas[0]?.ended, 0);
    await broker.send(...messages.slice(count / 2));
    for (let left = 3_000; left > 0 && (await broker.pending()) > 0; left -= 1) await sleep(20);
    assert.equal(await broker.pending(), 0);
    assert.equal((await testEnv.profiles()).length, count);
    for (const { finished } of replicas) assert.ok(finished > count / 20, `one finished only ${finished}`);
    const { refused, all } = await requests(testEnv.klaviyo.url);
    assert.ok(refused < all / 3, `${refused} of ${all} requests were refused for the quota`);
  } finally {
    for (const replica of replicas) replica.stop();
    await Promise.all(replicas.map(({ ended }) => ended));
    await broker.stop();
  }
});
