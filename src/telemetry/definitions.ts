/**
 * Defines the metrics: name, help, labels. Label values come from lists in the code or are capped (metrics.ts), which
 * limits the number of series. https://prometheus.io/docs/practices/naming/
 */

export interface Definition {
  type: 'counter' | 'gauge' | 'histogram';
  name: string;
  help: string;
  labels: readonly string[];
  /** Upper bounds of a histogram, in seconds. */
  buckets?: readonly number[];
}

const waitBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];
const requestBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const counter = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
  ({ type: 'counter', name, help, labels }) as const;
const gauge = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
  ({ type: 'gauge', name, help, labels }) as const;
const histogram = <Label extends string>(name: string, help: string, buckets: number[], ...labels: Label[]) =>
  ({ type: 'histogram', name, help, labels, buckets }) as const;

export const counters = {
  messages: counter('ctk_messages_total', 'Messages by outcome: delivered, skipped, dead-lettered, retried', 'outcome'),
  ruleMessages: counter(
    'ctk_rule_messages_total',
    'The same by rule; a message counts once for each rule that it triggered, under none where it triggered no rule',
    'rule',
    'outcome',
  ),
  unprocessedDeliveries: counter(
    'ctk_deliveries_unprocessed_total',
    'Deliveries that were no message for us: delivery-ignored, invalid-envelope, push-unauthorized, unreadable',
    'type',
  ),
  changes: counter(
    'ctk_changes_total',
    'Changes handed to Klaviyo: delivered, skipped, rejected, unavailable (retried), failed (internal error), rejected-later (by the job that had accepted it)',
    'rule',
    'lane',
    'outcome',
  ),
  requests: counter(
    'ctk_api_requests_total',
    'Requests to both APIs; status is HTTP’s, none where no answer came',
    'api',
    'endpoint',
    'status',
  ),
  carts: counter('ctk_carts_total', 'Changed carts that this process read, by outcome', 'outcome'),
  deadLettersStored: counter('ctk_dead_letters_stored_total', 'Dead letters stored by this process', 'rule', 'code'),
  actionsRequired: counter(
    'ctk_actions_required_total',
    'Times that an operator has to act: a key or a scope is rejected',
  ),
  failures: counter('ctk_failures_total', 'Internal errors, and exceptions in hooks or custom rules', 'rule'),
} as const satisfies Record<string, Definition>;

export const histograms = {
  delay: histogram(
    'ctk_message_delay_seconds',
    'From what happened in commercetools (createdAt of the message) until Klaviyo accepted it, by type of resource',
    waitBuckets,
    'resource',
  ),
  cartDelay: histogram(
    'ctk_cart_delay_seconds',
    'From the latest change among carts that were read together until their events were accepted',
    waitBuckets,
  ),
  handling: histogram('ctk_message_handling_seconds', 'From the arrival of a message to its verdict', waitBuckets),
  requestSeconds: histogram(
    'ctk_api_request_duration_seconds',
    'How long requests take',
    requestBuckets,
    'api',
    'endpoint',
  ),
} as const satisfies Record<string, Definition>;

/** Read at each scrape. */
export const gauges = {
  quotaUsed: gauge('ctk_klaviyo_quota_used_requests', 'Requests of this process in the last minute', 'endpoint'),
  quotaLimit: gauge('ctk_klaviyo_quota_limit_requests', 'What Klaviyo publishes as the most in a minute', 'endpoint'),
  quotaRemaining: gauge(
    'ctk_klaviyo_quota_remaining_requests',
    'What Klaviyo says is left of the minute for all apps of the account',
    'endpoint',
  ),
  waiting: gauge('ctk_changes_waiting', 'Changes that wait or are on their way to Klaviyo', 'lane'),
  runs: gauge('ctk_runs', 'Runs in the store by state', 'resource', 'kind', 'state'),
  runRecords: gauge(
    'ctk_run_records',
    'Records of the latest run: read, delivered, skipped, rejected',
    'resource',
    'kind',
    'state',
    'outcome',
  ),
  runCompleted: gauge(
    'ctk_run_last_completed_timestamp_seconds',
    'When a run of the resource was completed last',
    'resource',
    'kind',
  ),
  deadLetters: gauge('ctk_dead_letters', 'Dead letters in the store, those of all processes', 'code'),
  deadLettersLimit: gauge('ctk_dead_letters_limit', 'How many are kept at most (deadLetters.max)'),
  subscriptions: gauge('ctk_subscription_healthy', 'Our subscriptions: 1 where commercetools calls it Healthy', 'key'),
  apis: gauge('ctk_api_up', '1 while the API answers with these credentials', 'api'),
  sources: gauge('ctk_source_up', '1 while messages can arrive this way', 'source'),
  store: gauge('ctk_store_up', '1 while runs and dead letters can be read'),
  loadShed: gauge('ctk_load_shed', '1 while memory is short: realtime is answered 503, bulk is paused'),
  build: gauge('ctk_build_info', 'Always 1', 'version', 'node'),
} as const satisfies Record<string, Definition>;

/** All metrics, in the order of the docs. */
export const definitions: readonly Definition[] = [
  ...Object.values(counters),
  ...Object.values(histograms),
  ...Object.values(gauges),
];
