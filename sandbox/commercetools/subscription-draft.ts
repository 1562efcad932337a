/** Request body schemas of Subscriptions: https://docs.commercetools.com/api/projects/subscriptions */
import { z } from 'zod';
import { field } from './json.ts';
import { changeResources, messageTypesOf } from './message-types.ts';
import { isEmptyList } from './required-entries.ts';

const aws = {
  authenticationMode: z.enum(['Credentials', 'IAM']).optional(),
  accessKey: z.string().optional(),
  accessSecret: z.string().optional(),
};

const destinationSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('GoogleCloudPubSub'), projectId: z.string().min(1), topic: z.string().min(1) }),
  z.strictObject({ type: z.literal('SQS'), queueUrl: z.string().min(1), region: z.string().optional(), ...aws }),
  z.strictObject({ type: z.literal('SNS'), topicArn: z.string().min(1), ...aws }),
  z.strictObject({
    type: z.literal('EventBridge'),
    region: z.string().min(1),
    accountId: z.string().min(1),
    source: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('EventGrid'), uri: z.string().min(1), accessKey: z.string().min(1) }),
  z.strictObject({ type: z.literal('AzureServiceBus'), connectionString: z.string().min(1) }),
  z.strictObject({
    type: z.literal('ConfluentCloud'),
    bootstrapServer: z.string().min(1),
    apiKey: z.string().min(1),
    apiSecret: z.string().min(1),
    topic: z.string().min(1),
    key: z.string().optional(),
    acks: z.enum(['0', '1', 'all']),
  }),
]);

const messagesSchema = z.array(z.strictObject({ resourceTypeId: z.string(), types: z.array(z.string()).optional() }));
const changesSchema = z.array(z.strictObject({ resourceTypeId: z.string() }));
const eventsSchema = z.array(
  z.strictObject({ resourceTypeId: z.enum(['checkout', 'import-api']), types: z.array(z.string()).optional() }),
);

const formatSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('Platform') }),
  z.strictObject({ type: z.literal('CloudEvents'), cloudEventsVersion: z.literal('1.0') }),
]);

/** Body of `POST /subscriptions`. */
export const draftSchema = z
  .strictObject({
    key: z
      .string()
      .regex(/^[A-Za-z0-9_-]{2,256}$/)
      .optional(),
    destination: destinationSchema,
    messages: messagesSchema.default([]),
    changes: changesSchema.default([]),
    events: eventsSchema.default([]),
    format: formatSchema.default({ type: 'Platform' }),
  })
  .refine((draft) => draft.destination.type !== 'EventGrid' || draft.format.type === 'CloudEvents', {
    error: 'EventGrid takes the CloudEvents format only.',
  });

/** Body of `POST /subscriptions/{id}`. */
export const updateSchema = z.strictObject({
  version: z.int(),
  actions: z.array(
    z.discriminatedUnion('action', [
      z.strictObject({ action: z.literal('setKey'), key: z.string().optional() }),
      z.strictObject({ action: z.literal('setMessages'), messages: messagesSchema.optional() }),
      z.strictObject({ action: z.literal('setChanges'), changes: changesSchema.optional() }),
      z.strictObject({ action: z.literal('setEvents'), events: eventsSchema.optional() }),
      z.strictObject({ action: z.literal('changeDestination'), destination: destinationSchema }),
    ]),
  ),
});

export type Destination = z.infer<typeof destinationSchema>;
export type SubscriptionDraft = z.infer<typeof draftSchema>;
export type SubscriptionAction = z.infer<typeof updateSchema>['actions'][number];

const LISTS = ['messages', 'changes', 'events'] as const;

/** Returns whether a subscription has no messages, changes or events. */
export function selectsNothing(subscription: Pick<SubscriptionDraft, (typeof LISTS)[number]>): boolean {
  return LISTS.every((name) => subscription[name].length === 0);
}

/** Returns the name of a list that a draft has without elements, or undefined. */
export function emptyListIn(draft: unknown): string | undefined {
  return LISTS.find((name) => isEmptyList(field(draft, name)));
}

/** Names a resource or message type that cannot be subscribed to; undefined if there is none. */
export function unknownType({
  messages,
  changes,
}: Pick<SubscriptionDraft, 'messages' | 'changes'>): string | undefined {
  for (const { resourceTypeId, types = [] } of messages) {
    const known = messageTypesOf(resourceTypeId);
    if (known === undefined) return `'${resourceTypeId}' is not a valid resourceTypeId of 'messages'.`;
    const unknown = types.find((type) => !known.has(type));
    if (unknown !== undefined) return `'${unknown}' is not a message type of '${resourceTypeId}' ('messages.types').`;
  }
  const unknown = changes.find(({ resourceTypeId }) => !changeResources.has(resourceTypeId));
  return unknown && `'${unknown.resourceTypeId}' is not a valid resourceTypeId of 'changes'.`;
}

const SECRETS = ['accessSecret', 'accessKey', 'apiKey', 'apiSecret', 'connectionString'];

/** Returns the destination as in responses: secrets are cut to their first three characters. */
export function masked(destination: Destination): Record<string, unknown> {
  const shown = Object.entries(destination).map(([name, value]) => {
    const secret = SECRETS.includes(name) && typeof value === 'string';
    return [name, secret ? `${value.slice(0, 3)}****` : value];
  });
  return Object.fromEntries(shown);
}
