/** Tests which hosts count as hosts of Amazon SNS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAmazonSns, isCertificateUrl } from './amazon-sns.ts';

test('the hosts of SNS are trusted, in every region', () => {
  for (const url of [
    'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123.pem',
    'https://sns.us-gov-west-1.amazonaws.com/?Action=ConfirmSubscription',
    'https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123.pem',
  ])
    assert.equal(isAmazonSns(new URL(url)), true, url);
});

test('no other host is trusted, such as an S3 bucket of another account', () => {
  for (const url of [
    'http://sns.eu-central-1.amazonaws.com/a.pem',
    'https://sns.eu-central-1.amazonaws.com:8443/a.pem',
    'https://bucket.s3.amazonaws.com/a.pem',
    'https://s3.eu-central-1.amazonaws.com/bucket/a.pem',
    'https://sns.s3.amazonaws.com.example/a.pem',
    'https://sns.eu-central-1.amazonaws.com.example/a.pem',
    'https://example/sns.eu-central-1.amazonaws.com/a.pem',
    'https://sns.eu-central-1.amazonaws.com@example/a.pem',
    'https://x.sns.eu-central-1.amazonaws.com/a.pem',
    'https://sns.s3-eu-west-1.amazonaws.com/a.pem',
    'https://sns.s3.amazonaws.com/a.pem',
    'https://sns.amazonaws.com/a.pem',
    'https://sns.eu-central-1.amazonaws.com.cn/a.pem',
    'https://sns.cn-north-1.amazonaws.com/a.pem',
    'https://user@sns.eu-central-1.amazonaws.com/a.pem',
  ])
    assert.equal(isAmazonSns(new URL(url)), false, url);
});

test('a certificate has the path of those of SNS, without query, fragment or user', () => {
  const host = 'https://sns.eu-central-1.amazonaws.com';
  assert.equal(isCertificateUrl(new URL(`${host}/SimpleNotificationService-0a1B.pem`)), true);
  for (const path of [
    '/a.pem',
    '/SimpleNotificationService-.pem',
    '/x/SimpleNotificationService-01.pem',
    '/SimpleNotificationService-01.pem/x',
    '/SimpleNotificationService-01.pem?a=b',
    '/SimpleNotificationService-01.pem#a',
    '/SimpleNotificationService-01%2F.pem',
  ])
    assert.equal(isCertificateUrl(new URL(`${host}${path}`)), false, path);
});
