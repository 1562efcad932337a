/** Tests the variables of the message sources. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Env, environment } from '../../../test/fixtures/environment.ts';
import { eventGridClient } from '../../sources/push/event-grid.ts';
import { ConfigError, readConfig } from '../config.ts';

function problemsOf(env: Env): readonly string[] {
  try {
    readConfig(environment(env));
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
  return [];
}

test('without variables there is no push authentication, no queue and no topic', () => {
  assert.deepEqual(readConfig(environment()).messageSources, { push: { eventBridge: [], secrets: [] } });
});

test('each source is configured by its variables, and secrets may be several', () => {
  const { push, sqs, kafka } = readConfig(
    environment({
      PUSH_PUBSUB_AUDIENCE: 'https://connector.example/',
      PUSH_PUBSUB_SERVICE_ACCOUNT: 'push@project.iam.gserviceaccount.com',
      PUSH_SNS_TOPIC_ARNS: 'arn:aws:sns:eu-central-1:123456789012:one, arn:aws:sns:eu-central-1:123456789012:two',
      PUSH_EVENT_GRID_TENANT: 'tenant',
      PUSH_EVENT_GRID_AUDIENCE: 'api://connector',
      PUSH_SECRET: '0123456789abcdef,0123456789abcdef-next',
      SQS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/commercetools',
      KAFKA_BROKERS: 'a.example:9092,b.example:9092',
      KAFKA_TOPICS: 'commercetools',
      KAFKA_USERNAME: 'key',
      KAFKA_PASSWORD: 'secret',
    }),
  ).messageSources;
  assert.equal(push.pubSub?.audience, 'https://connector.example/');
  assert.equal(push.sns?.topicArns.length, 2);
  assert.deepEqual(push.eventGrid, {
    keys: [],
    entra: { tenant: 'tenant', audience: 'api://connector', client: eventGridClient },
  });
  assert.deepEqual(push.secrets, ['0123456789abcdef', '0123456789abcdef-next']);
  assert.equal(sqs?.queueUrl, 'https://sqs.eu-central-1.amazonaws.com/123456789012/commercetools');
  assert.deepEqual(kafka, {
    brokers: ['a.example:9092', 'b.example:9092'],
    topics: ['commercetools'],
    group: 'commercetools-klaviyo',
    tls: true,
    sasl: { mechanism: 'PLAIN', username: 'key', password: 'secret' },
  });
});

test('a variable without its counterpart is an error: an audience that anyone can request, brokers without topics', () => {
  const halves: [Env, RegExp][] = [
    [{ PUSH_PUBSUB_AUDIENCE: 'a' }, /^PUSH_PUBSUB_SERVICE_ACCOUNT is missing: PUSH_PUBSUB_AUDIENCE is set/],
    [{ PUSH_EVENT_GRID_AUDIENCE: 'a' }, /^PUSH_EVENT_GRID_TENANT is missing/],
    [{ KAFKA_BROKERS: 'a.example:9092' }, /^KAFKA_TOPICS is missing/],
    [{ KAFKA_PASSWORD: 'secret' }, /^KAFKA_USERNAME is missing/],
  ];
  for (const [env, line] of halves) {
    const all = problemsOf(env);
    assert.equal(all.length, 1, all.join('\n'));
    assert.match(all[0] ?? '', line);
  }
});

test('all errors are reported at once, without secrets', () => {
  const all = problemsOf({
    PUSH_PUBSUB_AUDIENCE: 'a',
    PUSH_SNS_TOPIC_ARNS: 'commercetools',
    PUSH_SECRET: 'too-short',
    PUSH_EVENT_GRID_KEY: '0123456789abcdef,short',
    SQS_QUEUE_URL: 'commercetools',
    KAFKA_BROKERS: 'a.example',
    KAFKA_TOPICS: 'commercetools',
    KAFKA_TLS: 'perhaps',
    KAFKA_SASL: 'GSSAPI',
  });
  const names = all.map((line) => line.split(' ')[0]).toSorted();
  assert.deepEqual(names, [
    'KAFKA_BROKERS',
    'KAFKA_SASL',
    'KAFKA_TLS',
    'PUSH_EVENT_GRID_KEY',
    'PUSH_PUBSUB_SERVICE_ACCOUNT',
    'PUSH_SECRET',
    'PUSH_SNS_TOPIC_ARNS',
    'SQS_QUEUE_URL',
  ]);
  assert.ok(!all.join().includes('too-short'));
});
