/**
 * Authenticates Amazon SNS messages by their signature. Certificates are fetched from SNS hosts of Amazon only. SNS signs
 * messages of every AWS account, so the topic has to be a configured one.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import { createVerify, X509Certificate } from 'node:crypto';
import { fetch } from 'undici';
import { z } from 'zod';
import { textWithin } from '../../lib/bounded-text.ts';
import { createLruCache } from '../../lib/lru-cache.ts';
import type { BodyResult, PushAuthenticator } from './authenticator.ts';

export interface AmazonSnsSettings {
  topicArns: string[];
}

const signed = z.looseObject({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: z.string().nullish(),
  SubscribeURL: z.string().optional(),
  Token: z.string().optional(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.base64(),
  SigningCertURL: z.string(),
});
type Signed = z.infer<typeof signed>;

/** Upper bound of an SNS message of 256 KB with its JSON escaped twice. */
const maxBytes = 1_000_000;
const timeoutMs = 3_000;
const maxAgeMs = 60 * 60 * 1_000;
/** A certificate has 2 KB. */
const maxFetchedBytes = 100_000;
const certificateLifeMs = 24 * 60 * 60 * 1_000;

/** A regional host, such as sns.eu-central-1.amazonaws.com. The one of S3, sns.s3-…, may serve buckets of any AWS account. */
const regionalHost = /^sns\.((cn-[a-z]+-\d\.amazonaws\.com\.cn)|((?!cn-)[a-z]{2,3}(-[a-z]+){1,2}-\d\.amazonaws\.com))$/;

/** @returns whether Amazon SNS serves the URL */
export function isAmazonSns(url: URL): boolean {
  return url.protocol === 'https:' && regionalHost.test(url.host) && url.username === '' && url.password === '';
}

/** @returns whether the URL has the form of those of SNS's certificates */
export function isCertificateUrl({ pathname, search, hash, username, password }: URL): boolean {
  const isPlain = [search, hash, username, password].every((part) => part === '');
  return isPlain && /^\/SimpleNotificationService-[A-Za-z0-9]+\.pem$/.test(pathname);
}

/** @param isTrusted which URLs are trusted; only tests replace it */
export function createAmazonSnsAuthenticator(
  { topicArns }: AmazonSnsSettings,
  isTrusted = isAmazonSns,
): PushAuthenticator {
  const certificates = createLruCache<string, Promise<string>>({ max: 20, ttl: certificateLifeMs });

  function certificateAt(url: URL): Promise<string> {
    const known = certificates.get(url.href);
    if (known) return known;
    const fetched = fetchText(url);
    certificates.set(url.href, fetched);
    fetched.catch(() => certificates.delete(url.href));
    return fetched;
  }

  async function verifySignature(message: Signed): Promise<BodyResult | undefined> {
    const url = parseUrl(message.SigningCertURL);
    if (!url || !isTrusted(url) || !isCertificateUrl(url))
      return { outcome: 'denied', reason: 'the certificate of the signature is not on a host of Amazon SNS' };
    const pem = await certificateAt(url).catch(() => undefined);
    if (pem === undefined) return { outcome: 'unknown', reason: `the certificate of ${url.host} can't be fetched now` };
    return isSignedBy(message, pem) ? undefined : { outcome: 'denied', reason: 'the signature is wrong' };
  }

  /** Confirms the subscription; the message is verified and its topic is configured. */
  async function confirm(message: Signed): Promise<BodyResult> {
    const url = parseUrl(message.SubscribeURL ?? '');
    if (!url || !isTrusted(url)) return { outcome: 'denied', reason: 'SubscribeURL is not on a host of Amazon SNS' };
    const confirmed = await fetchText(url).catch(() => undefined);
    if (confirmed === undefined) return { outcome: 'unknown', reason: `${url.host} can't be asked now` };
    return { outcome: 'response', status: 204 };
  }

  return {
    name: 'SNS',
    variables: 'PUSH_SNS_TOPIC_ARNS',
    async authenticate({ headers }) {
      if (headers['x-amz-sns-message-type'] === undefined) return undefined;
      const length = Number(headers['content-length']);
      if (length <= maxBytes) return { outcome: 'after-body' };
      return { outcome: 'denied', reason: 'a message of SNS says its length, and is not that large' };
    },
    async verifyBody(body) {
      const parsed = signed.safeParse(body);
      if (!parsed.success) return { outcome: 'denied', reason: 'not a signed message of SNS' };
      const message = parsed.data;
      if (!topicArns.includes(message.TopicArn))
        return { outcome: 'denied', reason: 'its topic is not among PUSH_SNS_TOPIC_ARNS' };
      if (!isRecent(message.Timestamp)) return { outcome: 'denied', reason: 'its Timestamp is not of the last hour' };
      const denied = await verifySignature(message);
      if (denied) return denied;
      if (message.Type === 'SubscriptionConfirmation') return confirm(message);
      // Not undone: the subscription was removed on purpose, or the topic shows it.
      if (message.Type === 'UnsubscribeConfirmation') return { outcome: 'response', status: 204 };
      const { Type, MessageId, Message } = message;
      return { outcome: 'delivery', covered: { Type, MessageId, Message } };
    },
  };
}

/** A signature never expires, so that a captured message could be sent again at any time. */
function isRecent(timestamp: string): boolean {
  return Math.abs(Date.now() - Date.parse(timestamp)) <= maxAgeMs;
}

function isSignedBy(message: Signed, pem: string): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const now = Date.now();
    if (certificate.validFromDate.getTime() > now || certificate.validToDate.getTime() < now) return false;
    const verify = createVerify(message.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1');
    return verify.update(textToSign(message)).verify(certificate.publicKey, message.Signature, 'base64');
  } catch {
    return false;
  }
}

export function textToSign(message: Signed): string {
  const names =
    message.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const);
  return names
    .flatMap((name) => {
      const value = message[name];
      return value === undefined || value === null ? [] : [`${name}\n${value}\n`];
    })
    .join('');
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

async function fetchText(url: URL): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${url.host} answered ${response.status}`);
  return textWithin(response.body ?? [], maxFetchedBytes);
}
