/** Kafka as clouds offer it, over TLS with SASL: the whole service in a process of its own, as it is deployed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../cli/ctk.ts';
import { customer } from '../fixtures/customer.ts';
import { changeDelivery } from '../fixtures/message.ts';
import type { Ended, Running } from '../program.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import type { Broker } from './broker.ts';
import { kafka } from './kafka-broker.ts';
import { makeCertificate } from './keys.ts';
import { type Mechanism, mechanisms } from './sasl.ts';
import { type SecureDoor, startSecureDoor } from './secure-door.ts';

const skip = kafka.missing ?? false;
const { certificate, privateKey } = makeCertificate();
const folder = mkdtempSync(join(tmpdir(), 'ctk-kafka-'));
const authority = join(folder, 'authority.pem');
writeFileSync(authority, certificate);
after(() => rmSync(folder, { recursive: true }));

const username = 'an-api-key';
const password = 'a-password-that-nobody-may-read';

interface Setup {
  testEnv: TestEnv;
  broker: Broker;
  door: SecureDoor;
  /** `ctk serve`, that reads from the door. */
  service: Running;
}

/** @param env differs from what fits */
async function behindTheDoor(
  mechanism: Mechanism,
  env: Record<string, string | undefined>,
  act: (setup: Setup) => Promise<void>,
): Promise<Ended> {
  await using stack = new AsyncDisposableStack();
  const testEnv = stack.use(await startTestEnv());
  const broker = stack.adopt(await kafka.start(), (one) => one.stop());
  const port = Number(broker.env.KAFKA_BROKERS?.split(':')[1]);
  const options = { port, certificate, privateKey, mechanism, credentials: { username, password } };
  const door = stack.adopt(await startSecureDoor(options), (one) => one.stop());
  const service = start(['serve'], {
    ...testEnv.env,
    ...broker.env,
    KAFKA_BROKERS: `localhost:${door.port}`,
    KAFKA_TLS: undefined,
    KAFKA_SASL: mechanism,
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
    NODE_EXTRA_CA_CERTS: authority,
    ...env,
  });
  try {
    await act({ testEnv, broker, door, service });
  } finally {
    service.signal('SIGTERM');
    await service.ended;
  }
  const ended = await service.ended;
  assert.equal(ended.code, 0);
  assert.doesNotMatch(ended.out, /within SHUTDOWN_SECONDS/);
  assert.doesNotMatch(`${ended.out}${ended.err}`, new RegExp(password));
  return ended;
}

/** A customer changes; then Klaviyo has a profile, and the message is acknowledged. */
async function arrives({ testEnv, broker, service }: Setup): Promise<void> {
  const now = customer();
  await testEnv.addRecords('customer', now);
  await broker.send(JSON.stringify(changeDelivery('ResourceUpdated', { typeId: 'customer', id: String(now.id) })));
  await service.printed(/"outcome":"delivered"/);
  for (let left = 1_500; left > 0 && (await broker.pending()) > 0; left -= 1) await sleep(20);
  assert.equal(await broker.pending(), 0);
  assert.equal((await testEnv.profiles()).length, 1);
}

// Each test waits for a process and a consumer group, so they run side by side.
describe('Kafka over TLS', { concurrency: 3, skip }, () => {
  test('PLAIN: a message arrives and is acknowledged', async () => {
    await behindTheDoor('PLAIN', {}, arrives);
  });

  for (const mechanism of mechanisms)
    test(`${mechanism}: a wrong password is reported with its variables; once it is right, messages arrive`, async () => {
      const wrong = 'another-password-that-nobody-may-read';
      const { out } = await behindTheDoor(mechanism, { KAFKA_PASSWORD: wrong }, async (setup) => {
        await setup.service.printed(/kafka: .*KAFKA_USERNAME or KAFKA_PASSWORD/);
        setup.door.letIn({ username, password: wrong });
        await arrives(setup);
        assert.ok(setup.door.rejections() > 0);
      });
      assert.doesNotMatch(out, new RegExp(wrong));
    });

  test('a mechanism that the brokers do not support is reported', async () => {
    await behindTheDoor('SCRAM-SHA-512', { KAFKA_SASL: 'PLAIN' }, async ({ service }) => {
      await service.printed(/kafka: .*KAFKA_SASL/);
    });
  });

  test('a certificate of an unknown authority is reported with the variable that adds it', async () => {
    await behindTheDoor('PLAIN', { NODE_EXTRA_CA_CERTS: undefined }, async ({ service, broker }) => {
      await service.printed(/kafka: .*NODE_EXTRA_CA_CERTS/);
      assert.equal(await broker.pending(), 0);
    });
  });
});
