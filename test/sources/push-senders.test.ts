/** Who may push, and how each broker proves it: tokens and messages here are really signed, by keys of the test's own. */
import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { after, before, test } from 'node:test';
import { textToSign } from '../../src/sources/push/amazon-sns.ts';
import { eventGridClient } from '../../src/sources/push/event-grid.ts';
import { call, post, type Said } from '../http/call.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { makeCertificate, type Publisher, startPublisher } from './keys.ts';

const elsewhere = { 'x-forwarded-for': '203.0.113.9' };
const secrets = { plain: 'a-shared-secret-of-ours', bus: 'a-secret-of-event-bridge', grid: 'a-key-of-event-grid' };
const arn = 'arn:aws:sns:eu-central-1:123456789012:commercetools';
const tenant = '11111111-2222-3333-4444-555555555555';
const env = {
  PUSH_PUBSUB_AUDIENCE: 'https://connector.example/',
  PUSH_PUBSUB_SERVICE_ACCOUNT: 'push@project.iam.gserviceaccount.com',
  PUSH_SNS_TOPIC_ARNS: arn,
  PUSH_EVENT_BRIDGE_SECRET: secrets.bus,
  PUSH_EVENT_GRID_KEY: `${secrets.grid},${secrets.grid}-next`,
  PUSH_EVENT_GRID_TENANT: tenant,
  PUSH_EVENT_GRID_AUDIENCE: 'api://connector',
  PUSH_SECRET: secrets.plain,
};

/** About a subscription: acknowledged without effect once it is let in. */
const payload = {
  notificationType: 'ResourceCreated',
  resource: { typeId: 'subscription', id: 's' },
  version: 1,
  modifiedAt: '2026-03-15T08:00:00.000Z',
};
const pubSub = {
  message: { data: Buffer.from(JSON.stringify(payload)).toString('base64'), messageId: '1' },
  subscription: 's',
};
const cloudEvent = {
  specversion: '1.0',
  id: '1',
  type: 'com.commercetools.subscription.change.ResourceCreated',
  source: '/shop',
  data: payload,
};

const { certificate, privateKey } = makeCertificate();
let publisher: Publisher;
let testEnv: TestEnv;

before(async () => {
  publisher = await startPublisher({ '/SimpleNotificationService-1.pem': certificate, '/confirm': '<ok/>' });
  testEnv = await startTestEnv({
    env,
    overrides: {
      trusted: {
        googleKeys: publisher.keys,
        entraKeys: publisher.keys,
        isAmazonSns: (url) => url.origin === publisher.url,
      },
    },
  });
});
after(async () => {
  await testEnv.stop();
  await publisher.stop();
});

const push = (body: unknown, headers: Record<string, string> = {}, path = '/') =>
  post(testEnv.service, path, body, { ...elsewhere, ...headers });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a push without proof of its sender is rejected, also from localhost, with the configured methods', async () => {
  for (const headers of [elsewhere, {}]) {
    const { status, error } = await post(testEnv.service, '/', payload, headers);
    assert.equal(status, 401);
    assert.match(
      error,
      /PUSH_PUBSUB_AUDIENCE.*PUSH_SNS_TOPIC_ARNS.*PUSH_EVENT_BRIDGE_SECRET.*PUSH_EVENT_GRID_KEY.*PUSH_SECRET/,
    );
  }
});

const google = {
  iss: 'https://accounts.google.com',
  aud: env.PUSH_PUBSUB_AUDIENCE,
  email: env.PUSH_PUBSUB_SERVICE_ACCOUNT,
  email_verified: true,
};
const now = () => Math.floor(Date.now() / 1_000);

test('a Pub/Sub push with a token of the service account for our audience is taken', async () => {
  assert.equal((await push(pubSub, bearer(await publisher.sign(google)))).status, 204);
  const other = { ...google, iss: 'accounts.google.com', iat: now() - 330, exp: now() - 30 };
  assert.equal((await push(pubSub, bearer(await publisher.sign(other)))).status, 204, 'clocks may differ a little');
});

test('a token with a wrong audience, issuer, account, age or signature is rejected', async () => {
  const wrong: [string, RegExp, Promise<string>][] = [
    ['audience', /claim aud/, publisher.sign({ ...google, aud: 'https://other.example/' })],
    ['issuer', /claim iss/, publisher.sign({ ...google, iss: 'https://accounts.google.com.example' })],
    ['account', /PUSH_PUBSUB_SERVICE_ACCOUNT/, publisher.sign({ ...google, email: 'somebody@gmail.com' })],
    ['unproven account', /PUSH_PUBSUB_SERVICE_ACCOUNT/, publisher.sign({ ...google, email_verified: false })],
    ['expired', /expired/, publisher.sign({ ...google, iat: now() - 4_000, exp: now() - 400 })],
    ['forged', /ERR_JWS_SIGNATURE_VERIFICATION_FAILED/, publisher.forge(google)],
    ['unsigned', /can't be verified/, Promise.resolve(`${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(google))}.x`)],
  ];
  for (const [name, reason, token] of wrong) {
    const { status, error } = await push(pubSub, bearer((await token).replaceAll('=', '')));
    assert.equal(status, 401, name);
    assert.match(error, reason, name);
  }
});

test("Google's keys are fetched once for many pushes; when they can't be had, the push comes again", async () => {
  const token = await publisher.sign(google);
  const fresh = await startPublisher();
  await using lonely = await startTestEnv({ env: { ...env }, overrides: { trusted: { googleKeys: fresh.keys } } });
  fresh.breakDown(true);
  const { status, headers, error } = await post(lonely.service, '/', pubSub, { ...elsewhere, ...bearer(token) });
  assert.equal(status, 503);
  assert.ok(Number(headers['retry-after']) > 0);
  assert.match(error, /keys of 127\.0\.0\.1:\d+ can't be fetched now/);
  fresh.breakDown(false);
  const good = await fresh.sign(google);
  for (let pushes = 0; pushes < 5; pushes += 1)
    assert.equal((await post(lonely.service, '/', pubSub, { ...elsewhere, ...bearer(good) })).status, 204);
  assert.deepEqual(fresh.asked, ['/keys', '/keys']);
  await fresh.stop();
});

interface Sns {
  Type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  version?: '1' | '2';
  /** Changed after it was signed. */
  tampered?: Record<string, unknown>;
  signed?: Record<string, unknown>;
}

function sns({ Type, version = '2', tampered = {}, signed = {} }: Sns): Record<string, unknown> {
  const message = {
    Type,
    MessageId: 'm-1',
    TopicArn: arn,
    Message: JSON.stringify(payload),
    Timestamp: new Date().toISOString(),
    SignatureVersion: version,
    Signature: '',
    SigningCertURL: `${publisher.url}/SimpleNotificationService-1.pem`,
    ...(Type === 'Notification' ? {} : { SubscribeURL: `${publisher.url}/confirm?topic=${arn}`, Token: 't' }),
    ...signed,
  };
  const sign = createSign(version === '2' ? 'RSA-SHA256' : 'RSA-SHA1').update(textToSign(message));
  return { ...message, Signature: sign.sign(privateKey, 'base64'), ...tampered };
}

const pushSns = (message: Record<string, unknown>): Promise<Said> =>
  push(JSON.stringify(message), {
    'content-type': 'text/plain; charset=UTF-8',
    'x-amz-sns-message-type': String(message.Type),
  });

test('a message of our topic that SNS signed is taken, in both versions of the signature', async () => {
  for (const version of ['1', '2'] as const)
    assert.equal((await pushSns(sns({ Type: 'Notification', version }))).status, 204, version);
  const withSubject = sns({ Type: 'Notification', signed: { Subject: 'hello' } });
  assert.equal((await pushSns(withSubject)).status, 204);
});

test('the certificate is fetched once', () => {
  assert.equal(publisher.asked.filter((path) => path.endsWith('.pem')).length, 1);
});

test('an SNS message whose content is nested too deeply is refused', async () => {
  const nested = `${'['.repeat(300)}${']'.repeat(300)}`;
  assert.equal((await pushSns(sns({ Type: 'Notification', signed: { Message: nested } }))).status, 400);
});

test('an SNS message that is changed, of another topic or with another certificate is rejected', async () => {
  const wrong: [string, RegExp, Record<string, unknown>][] = [
    ['changed', /signature is wrong/, sns({ Type: 'Notification', tampered: { Message: '{}' } })],
    ['unsigned', /not a signed message/, { Type: 'Notification', Message: '{}', TopicArn: arn }],
    ['other topic', /PUSH_SNS_TOPIC_ARNS/, sns({ Type: 'Notification', signed: { TopicArn: `${arn}-of-a-stranger` } })],
    [
      'other host',
      /host of Amazon/,
      sns({ Type: 'Notification', signed: { SigningCertURL: 'http://127.0.0.1:9/a.pem' } }),
    ],
    ['no URL', /host of Amazon/, sns({ Type: 'Notification', signed: { SigningCertURL: 'a.pem' } })],
    [
      'other file',
      /host of Amazon/,
      sns({ Type: 'Notification', signed: { SigningCertURL: `${publisher.url}/keys` } }),
    ],
  ];
  for (const [name, reason, message] of wrong) {
    const { status, error } = await pushSns(message);
    assert.equal(status, 401, name);
    assert.match(error, reason, name);
  }
  const untold = await push(sns({ Type: 'Notification' }));
  assert.equal(untold.status, 401, 'without the header that SNS sends it is nobody’s');
});

test('a subscription of our topic is confirmed; one of a stranger, or one that leads elsewhere, is not', async () => {
  const confirmations = () => publisher.asked.filter((path) => path.startsWith('/confirm')).length;
  assert.equal((await pushSns(sns({ Type: 'SubscriptionConfirmation' }))).status, 204);
  assert.equal(confirmations(), 1);
  const strange = sns({ Type: 'SubscriptionConfirmation', signed: { TopicArn: `${arn}-of-a-stranger` } });
  assert.equal((await pushSns(strange)).status, 401);
  const leading = sns({ Type: 'SubscriptionConfirmation', signed: { SubscribeURL: `${testEnv.klaviyo.url}/confirm` } });
  assert.equal((await pushSns(leading)).status, 401);
  assert.equal(confirmations(), 1);
});

test('the end of a subscription is acknowledged without a request', async () => {
  const before = publisher.asked.length;
  assert.equal((await pushSns(sns({ Type: 'UnsubscribeConfirmation' }))).status, 204);
  assert.equal(publisher.asked.length, before);
});

test('EventBridge sends its secret in a header and the payload as detail', async () => {
  const event = {
    version: '0',
    id: 'e-1',
    'detail-type': 'ResourceCreated',
    source: 'aws.partner/commercetools.com',
    detail: payload,
  };
  assert.equal((await push(event, { 'x-api-key': secrets.bus })).status, 204);
  assert.equal((await push(event, bearer(secrets.bus))).status, 204);
  assert.equal((await push(event, { 'x-api-key': `${secrets.bus}x` })).status, 401);
});

test('the webhook validation allows the origin of Event Grid only', async () => {
  const ask = (origin: string) =>
    call(testEnv.service, {
      method: 'OPTIONS',
      path: '/',
      headers: { ...elsewhere, 'webhook-request-origin': origin },
    });
  const allowed = await ask('eventgrid.azure.net');
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers['webhook-allowed-origin'], 'eventgrid.azure.net');
  assert.equal((await ask('somebody.example')).headers['webhook-allowed-origin'], undefined);
});

test('Event Grid sends CloudEvents, one or many, with its key in a header or in the URL', async () => {
  const type = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
  const batch = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' };
  assert.equal((await push(cloudEvent, { ...type, 'x-api-key': secrets.grid })).status, 204);
  assert.equal((await push([cloudEvent, cloudEvent], batch, `/?key=${secrets.grid}-next`)).status, 204);
  assert.equal((await push(cloudEvent, type, '/?key=wrong')).status, 401);
});

test('unreadable events of a batch are dead-lettered, the others are processed', async () => {
  const { status, json } = await push([cloudEvent, { specversion: '1.0', data: {} }, 7], { 'x-api-key': secrets.grid });
  assert.equal(status, 202);
  assert.equal((json as { deadLettered: string[] }).deadLettered.length, 2);
});

test('the Event Grid schema is confirmed by sending its code back', async () => {
  const event = [
    { id: '1', eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: { validationCode: 'code-7' } },
  ];
  const { status, json } = await push(event, {}, `/?key=${secrets.grid}`);
  assert.deepEqual([status, json], [200, { validationResponse: 'code-7' }]);
  assert.equal((await push(event)).status, 401);
});

test('Event Grid may sign in with Entra: our tenant, our audience, Event Grid’s own application', async () => {
  const claims = {
    iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
    aud: 'api://connector',
    azp: eventGridClient,
  };
  const older = { iss: `https://sts.windows.net/${tenant}/`, aud: 'api://connector', appid: eventGridClient };
  assert.equal((await push(cloudEvent, bearer(await publisher.sign(claims)))).status, 204);
  assert.equal((await push(cloudEvent, bearer(await publisher.sign(older)))).status, 204);
  for (const wrong of [
    { ...claims, iss: 'https://login.microsoftonline.com/another/v2.0' },
    { ...claims, aud: 'api://other' },
    { ...claims, azp: 'another-application-of-the-tenant' },
  ])
    assert.equal((await push(cloudEvent, bearer(await publisher.sign(wrong)))).status, 401);
});

test('anybody else proves it with the shared secret', async () => {
  assert.equal((await push(payload, bearer(secrets.plain))).status, 204);
  assert.equal((await push(payload, { 'x-api-key': secrets.plain })).status, 204);
  assert.equal((await push(payload, bearer('wrong'))).status, 401);
  assert.equal((await push(payload, {}, `/?key=${secrets.plain}`)).status, 401, 'not in the URL: URLs are logged');
});

test('rejected pushes are counted, and no secret or token is logged', async () => {
  assert.ok((testEnv.app.events.counts()['push-unauthorized'] ?? 0) > 0);
  const logged = testEnv.logged.join('');
  for (const secret of [...Object.values(secrets), 'eyJ']) assert.ok(!logged.includes(secret), secret);
});
