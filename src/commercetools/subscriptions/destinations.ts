/**
 * Parses the destination of a subscription from an option of the command line. Secrets come from environment variables.
 * https://docs.commercetools.com/api/projects/subscriptions#destination
 */

/** IAM: the policy of the queue or topic allows the user of commercetools. */
type Aws =
  | { authenticationMode: 'IAM' }
  | { authenticationMode: 'Credentials'; accessKey: string; accessSecret: string };

export type Destination =
  | { type: 'GoogleCloudPubSub'; projectId: string; topic: string }
  | ({ type: 'SQS'; queueUrl: string; region: string } & Aws)
  | ({ type: 'SNS'; topicArn: string } & Aws)
  | { type: 'EventBridge'; region: string; accountId: string }
  | { type: 'EventGrid'; uri: string; accessKey: string }
  | { type: 'AzureServiceBus'; connectionString: string }
  | { type: 'ConfluentCloud'; bootstrapServer: string; apiKey: string; apiSecret: string; topic: string; acks: 'all' };

/** Fields that the API returns masked, so they can't be compared. */
export const secretFields: ReadonlySet<string> = new Set([
  'accessKey',
  'accessSecret',
  'apiKey',
  'apiSecret',
  'connectionString',
]);

/** Values of SUBSCRIPTION_KEY and SUBSCRIPTION_SECRET. */
export interface DestinationSecrets {
  key?: string | undefined;
  secret?: string | undefined;
}

export type ParsedDestination = { ok: true; destination: Destination } | { ok: false; reason: string };

interface DestinationKindSpec {
  /** Format of the value, for error messages. */
  form: string;
  pattern: RegExp;
  needs: readonly (keyof DestinationSecrets)[];
  make(parts: Record<string, string>, secrets: { key: string; secret: string }): Destination;
}

export const destinationNames = ['pubsub', 'sqs', 'sns', 'eventbridge', 'eventgrid', 'servicebus', 'kafka'] as const;
export type DestinationKind = (typeof destinationNames)[number];

export const destinationKinds: Record<DestinationKind, DestinationKindSpec> = {
  pubsub: {
    form: 'projects/<project>/topics/<topic>',
    pattern: /^projects\/(?<projectId>[^/]+)\/topics\/(?<topic>[^/]+)$/,
    needs: [],
    make: ({ projectId = '', topic = '' }) => ({ type: 'GoogleCloudPubSub', projectId, topic }),
  },
  sqs: {
    form: 'https://sqs.<region>.amazonaws.com/<account>/<queue>',
    pattern: /^(?<queueUrl>https:\/\/sqs\.(?<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?\/\d{12}\/[-_a-zA-Z0-9]+)$/,
    needs: [],
    make: ({ queueUrl = '', region = '' }, secrets) => ({ type: 'SQS', queueUrl, region, ...awsAccess(secrets) }),
  },
  sns: {
    form: 'arn:aws:sns:<region>:<account>:<topic>',
    pattern: /^(?<topicArn>arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[-_a-zA-Z0-9]+)$/,
    needs: [],
    make: ({ topicArn = '' }, secrets) => ({ type: 'SNS', topicArn, ...awsAccess(secrets) }),
  },
  eventbridge: {
    form: '<region>/<account>',
    pattern: /^(?<region>[a-z]{2}(-[a-z]+)+-\d)\/(?<accountId>\d{12})$/,
    needs: [],
    make: ({ region = '', accountId = '' }) => ({ type: 'EventBridge', region, accountId }),
  },
  eventgrid: {
    form: 'https://<topic>.<region>.eventgrid.azure.net/api/events, and its access key in SUBSCRIPTION_SECRET',
    pattern: /^(?<uri>https:\/\/\S+)$/,
    needs: ['secret'],
    make: ({ uri = '' }, { secret }) => ({ type: 'EventGrid', uri, accessKey: secret }),
  },
  servicebus: {
    form: 'the word "queue" or "topic", and the connection string (policy Send, with EntityPath) in SUBSCRIPTION_SECRET',
    pattern: /^(queue|topic)$/,
    needs: ['secret'],
    make: (_parts, { secret }) => ({ type: 'AzureServiceBus', connectionString: secret }),
  },
  kafka: {
    form: '<bootstrap server:port>/<topic> of Confluent Cloud, its API key and secret in SUBSCRIPTION_KEY and SUBSCRIPTION_SECRET',
    pattern: /^(?<bootstrapServer>[^\s/]+:\d{1,5})\/(?<topic>[-_.a-zA-Z0-9]+)$/,
    needs: ['key', 'secret'],
    make: ({ bootstrapServer = '', topic = '' }, { key, secret }) => ({
      type: 'ConfluentCloud',
      bootstrapServer,
      apiKey: key,
      apiSecret: secret,
      topic,
      acks: 'all',
    }),
  },
};
/** @returns the destination, or the reason why the option's value or the secrets are invalid */
export function parseDestination(kind: DestinationKind, value: string, secrets: DestinationSecrets): ParsedDestination {
  const { form, pattern, needs, make } = destinationKinds[kind];
  const match = pattern.exec(value);
  if (!match) return { ok: false, reason: `--${kind} ${value}: must be ${form}` };
  const missing = needs.filter((name) => secrets[name] === undefined);
  if (missing.length > 0) return { ok: false, reason: `--${kind} needs ${missing.map(variableOf).join(' and ')}` };
  const { key = '', secret = '' } = secrets;
  return { ok: true, destination: make({ ...match.groups }, { key, secret }) };
}

const variableOf = (name: keyof DestinationSecrets) => (name === 'key' ? 'SUBSCRIPTION_KEY' : 'SUBSCRIPTION_SECRET');

/** Returns credentials if both are set, else IAM. */
function awsAccess({ key, secret }: { key: string; secret: string }): Aws {
  return key === '' || secret === ''
    ? { authenticationMode: 'IAM' }
    : { authenticationMode: 'Credentials', accessKey: key, accessSecret: secret };
}
