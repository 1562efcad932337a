/** Attacks with messages that are forged, changed or captured: nothing that a proof does not cover has an effect. */
import assert from 'node:assert/strict';
import { createSign, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { textToSign } from '../../src/sources/push/amazon-sns.ts';
import { changeDelivery, type Json, reference } from '../fixtures/index.ts';
import { post } from '../http/call.ts';
import {
  type CatalogShop,
  newCategory,
  newProduct,
  referenceTo,
  startCatalogShop,
} from '../mapping/catalog-fixture.ts';
import { makeCertificate, type Publisher, startPublisher } from '../sources/keys.ts';

const topic = 'arn:aws:sns:eu-central-1:123456789012:commercetools';
const hourMs = 60 * 60 * 1_000;
const { certificate, privateKey } = makeCertificate();
let publisher: Publisher;
let shop: CatalogShop;

before(async () => {
  publisher = await startPublisher({ '/SimpleNotificationService-1.pem': certificate });
  shop = await startCatalogShop({
    env: { PUSH_SNS_TOPIC_ARNS: topic, PUSH_SECRET: 'a-secret-of-this-test' },
    overrides: { trusted: { isAmazonSns: (url) => url.origin === publisher.url } },
  });
});
after(async () => {
  await shop.stop();
  await publisher.stop();
});

const harmless = changeDelivery('ResourceCreated', reference('subscription', 's'));

/** A notification that SNS signed, with fields that it did not. */
function notification(unsigned: Json = {}, signed: Json = {}): Json {
  const message = {
    Type: 'Notification' as const,
    MessageId: randomUUID(),
    TopicArn: topic,
    Message: JSON.stringify(harmless),
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2' as const,
    Signature: '',
    SigningCertURL: `${publisher.url}/SimpleNotificationService-1.pem`,
    ...signed,
  };
  const Signature = createSign('RSA-SHA256').update(textToSign(message)).sign(privateKey, 'base64');
  return { ...message, Signature, ...unsigned };
}

async function pushSns(message: Json): Promise<number> {
  const { status } = await post(shop.testEnv.service, '/', message, { 'x-amz-sns-message-type': 'Notification' });
  await shop.testEnv.app.settled();
  return status;
}

const bySecret = (body: unknown) =>
  post(shop.testEnv.service, '/', body, { authorization: 'Bearer a-secret-of-this-test' });

describe('a captured message of SNS', () => {
  test('with unsigned fields of a delivery: they have no effect', async () => {
    const made = newProduct();
    await shop.addRecords('product', made.record);
    await shop.testEnv.sync('products', { ids: [made.id] });
    shop.testEnv.shop.records.remove('product', made.id);
    const deletion = changeDelivery('ResourceDeleted', reference('product', made.id));
    const encoded = { data: Buffer.from(JSON.stringify(deletion)).toString('base64'), messageId: '1' };
    for (const unsigned of [
      deletion,
      { specversion: '1.0', data: deletion },
      { message: encoded },
      { 'detail-type': 'x', detail: deletion },
      { Message: JSON.stringify(deletion), message: encoded },
    ])
      assert.ok([204, 401].includes(await pushSns(notification(unsigned))));
    assert.equal((await shop.item(made.id)).published, true);
    assert.equal(await pushSns(notification({}, { Message: JSON.stringify(deletion) })), 204);
    assert.deepEqual(await shop.skusOf(made.id), [], 'the same, signed');
  });

  test('is refused when it is older than an hour, or from the future', async () => {
    for (const ageMs of [hourMs + 60_000, 400 * 24 * hourMs, -2 * hourMs]) {
      const Timestamp = new Date(Date.now() - ageMs).toISOString();
      assert.equal(await pushSns(notification({}, { Timestamp })), 401);
    }
    assert.equal(await pushSns(notification({}, { Timestamp: 'soon' })), 401);
    assert.equal(await pushSns(notification({ Timestamp: new Date(0).toISOString() })), 401);
  });

  test('is refused when its certificate has another path, a query or a user', async () => {
    for (const SigningCertURL of [
      `${publisher.url}/x/SimpleNotificationService-1.pem`,
      `${publisher.url}/SimpleNotificationService-1.pem?redirect=1`,
      `${publisher.url}/SimpleNotificationService-1.pem#x`,
      publisher.url.replace('//', '//user@').concat('/SimpleNotificationService-1.pem'),
    ])
      assert.equal(await pushSns(notification({}, { SigningCertURL })), 401, SigningCertURL);
  });
});

describe('a deletion of what still exists', () => {
  test('leaves a product with its variants, and a category, as they are', async () => {
    const [made, women] = [newProduct(), newCategory('Women')];
    await shop.addRecords('product', made.record);
    await shop.addRecords('category', women);
    await shop.testEnv.sync('categories');
    await shop.testEnv.sync('products', { ids: [made.id] });
    const before = [await shop.item(made.id), await shop.skusOf(made.id), await shop.category(String(women.id))];
    for (const ref of [reference('product', made.id), referenceTo(women)])
      assert.equal((await bySecret(changeDelivery('ResourceDeleted', ref))).status, 204);
    await shop.testEnv.app.settled();
    assert.deepEqual(
      [await shop.item(made.id), await shop.skusOf(made.id), await shop.category(String(women.id))],
      before,
    );
  });

  test('is not passed on while commercetools does not say whether it exists', async () => {
    const made = newProduct();
    await shop.addRecords('product', made.record);
    await shop.testEnv.sync('products', { ids: [made.id] });
    shop.testEnv.shop.faults.add({ kind: 'status', status: 503, path: '^/[^/]+/products', method: 'GET' });
    const { status } = await bySecret(changeDelivery('ResourceDeleted', reference('product', made.id)));
    shop.testEnv.shop.faults.clear();
    assert.equal(status, 503);
    assert.equal((await shop.item(made.id)).published, true);
  });
});
