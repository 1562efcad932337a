/**
 * Amazon SNS over HTTP: each message is signed; the certificate comes from an SNS host of Amazon's and from nowhere else.
 * Anybody with an AWS account can have a message signed, so the topic must be one of ours.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import { createVerify, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Opened, PushWay } from './authenticator.ts';

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

/** SNS sends 256 KB at most; escaped twice that is less than this. */
const maxBytes = 1_000_000;
const timeoutMs = 3_000;
const certificateLifeMs = 24 * 60 * 60 * 1_000;

/** Whether a URL is Amazon SNS's own. Not any host of amazonaws.com: everybody can have a bucket there. */
export function isAmazonSns(url: URL): boolean {
  return url.protocol === 'https:' && /^sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?$/.test(url.host);
}

/** @param isAmazon which URLs are trusted; only tests trust others */
export function createAmazonSnsWay({ topicArns }: AmazonSnsSettings, isAmazon = isAmazonSns): PushWay {
  const certificates = new LRUCache<string, Promise<string>>({ max: 20, ttl: certificateLifeMs });

  function certificateAt(url: URL): Promise<string> {
    const known = certificates.get(url.href);
    if (known) return known;
    const fetched = fetchText(url);
    certificates.set(url.href, fetched);
    fetched.catch(() => certificates.delete(url.href));
    return fetched;
  }

  async function prove(message: Signed): Promise<Opened | undefined> {
    const url = parseUrl(message.SigningCertURL);
    if (!url || !isAmazon(url) || !url.pathname.endsWith('.pem'))
      return { admitted: 'no', reason: 'the certificate of the signature is not on a host of Amazon SNS' };
    const pem = await certificateAt(url).catch(() => undefined);
    if (pem === undefined)
      return { admitted: 'unknown', reason: `the certificate of ${url.host} can't be fetched now` };
    return isSignedBy(message, pem) ? undefined : { admitted: 'no', reason: 'the signature is wrong' };
  }

  /** Asked of a topic of ours by a proven message, so it is wanted. */
  async function confirm(message: Signed): Promise<Opened> {
    const url = parseUrl(message.SubscribeURL ?? '');
    if (!url || !isAmazon(url)) return { admitted: 'no', reason: 'SubscribeURL is not on a host of Amazon SNS' };
    const confirmed = await fetchText(url).catch(() => undefined);
    if (confirmed === undefined) return { admitted: 'unknown', reason: `${url.host} can't be asked now` };
    return { opened: 'answer', status: 204 };
  }

  return {
    name: 'SNS',
    variables: 'PUSH_SNS_TOPIC_ARNS',
    async admit({ headers }) {
      if (headers['x-amz-sns-message-type'] === undefined) return undefined;
      const length = Number(headers['content-length']);
      if (length <= maxBytes) return { admitted: 'after-body' };
      return { admitted: 'no', reason: 'a message of SNS says its length, and is not that large' };
    },
    async open(body) {
      const parsed = signed.safeParse(body);
      if (!parsed.success) return { admitted: 'no', reason: 'not a signed message of SNS' };
      const message = parsed.data;
      if (!topicArns.includes(message.TopicArn))
        return { admitted: 'no', reason: 'its topic is not among PUSH_SNS_TOPIC_ARNS' };
      const refused = await prove(message);
      if (refused) return refused;
      if (message.Type === 'SubscriptionConfirmation') return confirm(message);
      // Whoever unsubscribed us meant it, or will see it in the topic: nothing is undone from here.
      if (message.Type === 'UnsubscribeConfirmation') return { opened: 'answer', status: 204 };
      return { opened: 'delivery' };
    },
  };
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

/** Names and values in this order, each on a line. */
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
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url.host} answered ${answer.status}`);
  return text;
}
