/**
 * Behaviours of commercetools that its reference leaves open or that depend on the moment. Each is a switch of the
 * sandbox, so that a client can be tested with every variant.
 */

export interface CommercetoolsBehaviours {
  /** Version 0 for an existing custom object: a conflict (409), or ignored, so that the value is overwritten. */
  readonly versionZero: 'conflict' | 'overwrites';
  /** Version 0 for an absent custom object: creates it, or is refused with 409 or with 400. */
  readonly versionZeroOfAbsent: 'creates' | 'conflict' | 'invalid';
  /** Whether `lowercaseEmail` can be queried, or is refused as an unknown field (400). */
  readonly lowercaseEmail: 'queryable' | 'unknown';
  /** Milliseconds until a write shows in queries. GET by id or key shows it at once. */
  readonly queryLagMs: number;
  /** Several `where` parameters: all have to match, or only the last one counts. */
  readonly repeatedWhere: 'and' | 'last';
  /** Number of creations of subscriptions that fail with the destination's error while permissions propagate. */
  readonly failingSubscriptionCreations: number;
  /** Empty `messages`, `changes` or `events` in a subscription draft. */
  readonly emptyListInDraft: 'accepted' | 'refused';
  /** When a subscription update must leave messages, changes or events set: after all actions, or after each one. */
  readonly emptySubscriptionCheck: 'after-update' | 'after-each-action';
  /** Comparing `id` by order with an id that no record of the resource ever had: accepted, or refused (400). */
  readonly inventedIdBound: 'accepted' | 'refused';
  /** Milliseconds until an order lowers the stock and the ResourceUpdated of the inventory entry is sent. */
  readonly stockDelayMs: number;
}

/** The variants of each switch that tests iterate over; the first is the default. */
export const commercetoolsVariants = {
  versionZero: ['conflict', 'overwrites'],
  versionZeroOfAbsent: ['creates', 'conflict', 'invalid'],
  lowercaseEmail: ['queryable', 'unknown'],
  queryLagMs: [0, 300],
  repeatedWhere: ['and', 'last'],
  failingSubscriptionCreations: [0, 2],
  emptyListInDraft: ['accepted', 'refused'],
  emptySubscriptionCheck: ['after-update', 'after-each-action'],
  inventedIdBound: ['accepted', 'refused'],
  stockDelayMs: [0, 300],
} as const satisfies {
  readonly [Name in keyof CommercetoolsBehaviours]: readonly [
    CommercetoolsBehaviours[Name],
    ...CommercetoolsBehaviours[Name][],
  ];
};

export const DEFAULT_BEHAVIOURS: CommercetoolsBehaviours = {
  versionZero: commercetoolsVariants.versionZero[0],
  versionZeroOfAbsent: commercetoolsVariants.versionZeroOfAbsent[0],
  lowercaseEmail: commercetoolsVariants.lowercaseEmail[0],
  queryLagMs: commercetoolsVariants.queryLagMs[0],
  repeatedWhere: commercetoolsVariants.repeatedWhere[0],
  failingSubscriptionCreations: commercetoolsVariants.failingSubscriptionCreations[0],
  emptyListInDraft: commercetoolsVariants.emptyListInDraft[0],
  emptySubscriptionCheck: commercetoolsVariants.emptySubscriptionCheck[0],
  inventedIdBound: commercetoolsVariants.inventedIdBound[0],
  stockDelayMs: commercetoolsVariants.stockDelayMs[0],
};
