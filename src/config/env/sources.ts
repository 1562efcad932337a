/** Variables of the message sources: push authentication, SQS and Kafka. */
import { z } from 'zod';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { KafkaSettings } from '../../sources/kafka/kafka.ts';
import type { AmazonSnsSettings } from '../../sources/push/amazon-sns.ts';
import { type EventGridSettings, eventGridClient } from '../../sources/push/event-grid.ts';
import type { GooglePubSubSettings } from '../../sources/push/google-pub-sub.ts';

/** Describes an environment variable for the docs and `ctk config`. */
export interface Variable {
  name: string;
  description: string;
  default?: string;
  secret?: boolean;
}

/** @param fallback text that the docs show as the default */
export function variable(name: string, description: string, fallback?: string): Variable {
  return omitUndefined({ name, description, default: fallback });
}

export function secret(name: string, description: string): Variable {
  return { name, description, secret: true };
}

export interface SourcesConfig {
  /** Authentication of pushes to POST /; with none, only pushes from this machine are accepted. */
  push: {
    pubSub?: GooglePubSubSettings;
    sns?: AmazonSnsSettings;
    eventBridge: string[];
    eventGrid?: EventGridSettings;
    secrets: string[];
  };
  sqs?: { queueUrl: string };
  kafka?: Omit<KafkaSettings, 'concurrency'>;
}

export const sourceVariables: readonly Variable[] = [
  variable('PUSH_PUBSUB_AUDIENCE', 'Google Pub/Sub push: audience of the token that the subscription sends'),
  variable(
    'PUSH_PUBSUB_SERVICE_ACCOUNT',
    'Google Pub/Sub push: e-mail of the service account that signs; goes with the audience',
  ),
  variable('PUSH_SNS_TOPIC_ARNS', 'SNS over HTTP: topics that may push, comma-separated'),
  secret(
    'PUSH_EVENT_BRIDGE_SECRET',
    'EventBridge API destination: value of its header X-Api-Key; several comma-separated',
  ),
  secret(
    'PUSH_EVENT_GRID_KEY',
    'Event Grid: key in the header X-Api-Key or in ?key= of the URL; several comma-separated',
  ),
  variable('PUSH_EVENT_GRID_TENANT', 'Event Grid with Entra: id of the tenant that issues the tokens'),
  variable('PUSH_EVENT_GRID_AUDIENCE', 'Event Grid with Entra: audience of the token; goes with the tenant'),
  variable(
    'PUSH_EVENT_GRID_CLIENT',
    'Event Grid with Entra: id of the application that the token is of',
    'Event Grid’s own',
  ),
  secret('PUSH_SECRET', 'any other sender: Authorization: Bearer or X-Api-Key; several comma-separated'),
  variable('SQS_QUEUE_URL', 'a queue to read; credentials as the AWS SDK finds them'),
  variable('KAFKA_BROKERS', 'brokers to read from: host:port, comma-separated'),
  variable('KAFKA_TOPICS', 'topics to read, comma-separated; goes with the brokers'),
  variable('KAFKA_GROUP', 'consumer group; replicas share one', 'commercetools-klaviyo'),
  variable('KAFKA_TLS', 'false: without TLS', 'true'),
  variable('KAFKA_SASL', 'PLAIN (Confluent Cloud), SCRAM-SHA-256 or SCRAM-SHA-512', 'PLAIN'),
  variable('KAFKA_USERNAME', 'user or API key; none: no SASL'),
  secret('KAFKA_PASSWORD', 'goes with the user'),
];

const text = z.string().trim();

/** Comma- or space-separated. @param error message for an invalid value */
const list = (pattern: RegExp, error: string) =>
  z
    .string()
    .trim()
    .transform((text) => text.split(/[\s,]+/).filter((value) => value !== ''))
    .refine((values) => values.every((value) => pattern.test(value)), error);

/** Secrets: printable ASCII without blanks, 16 characters or more each, and not easily guessed. */
export const secretsSchema = list(/^[\x21-\x7e]{16,}$/, 'must have 16 characters at least, all of them ASCII').refine(
  (secrets) => secrets.every(isHardToGuess),
  'is easily guessed; make one with: openssl rand -hex 32',
);

/** A text of few different characters, or one that repeats a short part, may be found by trying. */
function isHardToGuess(secret: string): boolean {
  if (!/^[\x21-\x7e]{16,}$/.test(secret)) return true;
  const isRepeated = /^(.{1,8})\1+.{0,8}$/.test(secret);
  return !isRepeated && secret.length * Math.log2(new Set(secret).size) >= minEntropyBits;
}

/** Sixteen random hexadecimal characters. */
const minEntropyBits = 50;

export const sourceShape = {
  PUSH_PUBSUB_AUDIENCE: text.optional(),
  PUSH_PUBSUB_SERVICE_ACCOUNT: z
    .email('must be an e-mail address such as push@project.iam.gserviceaccount.com')
    .optional(),
  PUSH_SNS_TOPIC_ARNS: list(
    /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[-_.a-zA-Z0-9]+$/,
    'must be ARNs of SNS topics',
  ).optional(),
  PUSH_EVENT_BRIDGE_SECRET: secretsSchema.default([]),
  PUSH_EVENT_GRID_KEY: secretsSchema.default([]),
  PUSH_EVENT_GRID_TENANT: text.regex(/^[-a-zA-Z0-9.]+$/, 'must be the id of a tenant').optional(),
  PUSH_EVENT_GRID_AUDIENCE: text.optional(),
  PUSH_EVENT_GRID_CLIENT: text.default(eventGridClient),
  PUSH_SECRET: secretsSchema.default([]),
  SQS_QUEUE_URL: z.url({ protocol: /^https?$/, error: 'must be the URL of a queue' }).optional(),
  KAFKA_BROKERS: list(/^[^\s:/]+:\d{1,5}$/, 'must be host:port, comma-separated').optional(),
  KAFKA_TOPICS: list(/^[-_.a-zA-Z0-9]{1,249}$/, 'must be names of topics, comma-separated').optional(),
  KAFKA_GROUP: text.default('commercetools-klaviyo'),
  KAFKA_TLS: z.stringbool({ truthy: ['true'], falsy: ['false'], error: 'must be true or false' }).default(true),
  KAFKA_SASL: z
    .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], { error: 'must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512' })
    .default('PLAIN'),
  KAFKA_USERNAME: text.optional(),
  KAFKA_PASSWORD: text.optional(),
};
type SourceEnvironment = z.infer<z.ZodObject<typeof sourceShape>>;

const pairs = [
  ['PUSH_PUBSUB_AUDIENCE', 'PUSH_PUBSUB_SERVICE_ACCOUNT'],
  ['PUSH_EVENT_GRID_TENANT', 'PUSH_EVENT_GRID_AUDIENCE'],
  ['KAFKA_BROKERS', 'KAFKA_TOPICS'],
  ['KAFKA_USERNAME', 'KAFKA_PASSWORD'],
] as const;

/** @returns a line for each variable that is missing although its counterpart is set */
export function missingPairs(normalized: Record<string, string>): string[] {
  return pairs.flatMap(([first, second]) => {
    if ((normalized[first] === undefined) === (normalized[second] === undefined)) return [];
    const [present, missing] = normalized[first] === undefined ? [second, first] : [first, second];
    return [`${missing} is missing: ${present} is set, and one goes with the other`];
  });
}

export function sourcesOf(env: SourceEnvironment): SourcesConfig {
  const { SQS_QUEUE_URL: queueUrl } = env;
  return { push: pushOf(env), ...(queueUrl === undefined ? {} : { sqs: { queueUrl } }), ...kafkaOf(env) };
}

function pushOf(env: SourceEnvironment): SourcesConfig['push'] {
  const { PUSH_PUBSUB_AUDIENCE: audience, PUSH_PUBSUB_SERVICE_ACCOUNT: serviceAccount } = env;
  return {
    ...(audience !== undefined && serviceAccount !== undefined ? { pubSub: { audience, serviceAccount } } : {}),
    ...(env.PUSH_SNS_TOPIC_ARNS ? { sns: { topicArns: env.PUSH_SNS_TOPIC_ARNS } } : {}),
    eventBridge: env.PUSH_EVENT_BRIDGE_SECRET,
    ...eventGridOf(env),
    secrets: env.PUSH_SECRET,
  };
}

function eventGridOf(env: SourceEnvironment): Pick<SourcesConfig['push'], 'eventGrid'> {
  const { PUSH_EVENT_GRID_TENANT: tenant, PUSH_EVENT_GRID_AUDIENCE: audience } = env;
  const keys = env.PUSH_EVENT_GRID_KEY;
  const withEntra = tenant !== undefined && audience !== undefined;
  if (keys.length === 0 && !withEntra) return {};
  return {
    eventGrid: { keys, ...(withEntra ? { entra: { tenant, audience, client: env.PUSH_EVENT_GRID_CLIENT } } : {}) },
  };
}

function kafkaOf(env: SourceEnvironment): Pick<SourcesConfig, 'kafka'> {
  const { KAFKA_BROKERS: brokers, KAFKA_TOPICS: topics, KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = env;
  if (!brokers || !topics) return {};
  const sasl =
    username !== undefined && password !== undefined ? { mechanism: env.KAFKA_SASL, username, password } : undefined;
  return { kafka: { brokers, topics, group: env.KAFKA_GROUP, tls: env.KAFKA_TLS, ...(sasl ? { sasl } : {}) } };
}
