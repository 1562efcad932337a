/** Tests which hosts count as hosts of Amazon SNS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAmazonSns } from './amazon-sns.ts';

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
  ])
    assert.equal(isAmazonSns(new URL(url)), false, url);
});
