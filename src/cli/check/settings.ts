/** Checks for combinations of valid settings that probably are mistakes. */
import type { Config } from '../../config/config.ts';
import { accessWarnings } from '../../config/warnings.ts';
import { requiredSubscriptions } from '../../rules/required-subscriptions.ts';
import type { PropertyFilter } from '../../rules/settings.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** EventBridge waits 5 seconds for an API destination: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html */
const eventBridgeSeconds = 5;

export function checkSettings(config: Config): Finding[] {
  const findings = [
    ...[...config.warnings, ...accessWarnings(config)].map((detail) => warning('settings', detail)),
    ...checkRunWorker(config),
    ...checkTriggers(config),
    ...checkMetricNames(config),
    ...checkDeadline(config),
    ...checkFilters(config),
    ...checkProductUrl(config),
    ...checkOrderUrl(config),
    ...checkCustomerFields(config),
  ];
  return [
    ...(findings.length > 0 ? findings : [ok('settings', 'nothing odd')]),
    ...describeImports(config),
    ...describeCustomerFields(config),
  ];
}

function checkRunWorker({ store, runWorker }: Config): Finding[] {
  if (store !== 'memory' || runWorker) return [];
  const fix = 'set STORE=custom-objects, or RUN_WORKER=true';
  return [problem('settings', 'RUN_WORKER=false with STORE=memory: no other process ever sees the runs', fix)];
}

function checkTriggers({ realtime, groups, rules, environment }: Config): Finding[] {
  const destination = { type: 'GoogleCloudPubSub' as const, projectId: '', topic: '' };
  const required = requiredSubscriptions({ groups, settings: rules, environment, destination });
  if (!realtime || required.length > 0) return [];
  return [
    warning('settings', 'disabledEvents leaves nothing to realtime', 'take some out, or set APP_TYPE=BULK_IMPORT'),
  ];
}

/** Klaviyo records one event per unique_id and metric, so two events of an order with the same metric would be one. */
function checkMetricNames({ rules }: Config): Finding[] {
  const byName = Map.groupBy(Object.entries(rules.order.metrics), ([, metric]) => metric);
  return [...byName].flatMap(([metric, entries]) =>
    metric === '' || entries.length < 2
      ? []
      : [
          problem(
            'settings',
            `${entries.map(([name]) => `order.metrics.${name}`).join(' and ')} are both ${JSON.stringify(metric)}`,
            'give each a name of its own: Klaviyo records one event for a unique_id and metric',
          ),
        ],
  );
}

function checkDeadline({ messageSources, settings }: Config): Finding[] {
  const { deadlineSeconds } = settings.realtime;
  if (messageSources.push.eventBridge.length === 0 || deadlineSeconds < eventBridgeSeconds) return [];
  const detail = `realtime.deadlineSeconds is ${deadlineSeconds}, and EventBridge waits ${eventBridgeSeconds}`;
  return [warning('settings', detail, 'set it to 4')];
}

function checkFilters({ rules }: Config): Finding[] {
  const filters: Record<string, PropertyFilter> = {
    'order.properties': rules.order.properties,
    'order.customFields.properties': rules.order.customFields.properties,
    'customer.customFields.properties': rules.customer.customFields.properties,
  };
  return Object.entries(filters).flatMap(([path, { include, exclude }]) => {
    const both = include.filter((name) => exclude.includes(name));
    if (both.length === 0) return [];
    return [warning('settings', `${path} includes and excludes ${both.join(', ')}`, 'excluded is what counts')];
  });
}

function describeImports({ realtime, rules }: Config): Finding[] {
  if (!realtime || rules.order.importsAreHistory) return [];
  const detail =
    'an imported order without completedAt counts as placed now; order.importsAreHistory: true sends imports without flows';
  return [ok('order imports', detail)];
}

function checkProductUrl({ rules }: Config): Finding[] {
  if (rules.productUrlTemplate !== '') return [];
  const fix = 'set PRODUCT_URL_TEMPLATE, such as https://shop.example/p/{{productSlug}}';
  return [warning('settings', 'items get no URL', fix)];
}

function checkOrderUrl({ rules }: Config): Finding[] {
  const { url } = rules.order;
  if (url === '' || /\{\{order(Number|Id)\}\}/.test(url)) return [];
  const fix = 'such as https://shop.example/orders/{{orderNumber}}';
  return [
    warning('settings', 'order.url holds neither {{orderNumber}} nor {{orderId}}: every order gets the same URL', fix),
  ];
}

/** Two fields under one name would overwrite each other. */
function checkCustomerFields({ rules }: Config): Finding[] {
  const entries = Object.entries(rules.customer.fields).filter(([, name]) => name !== null);
  return [...Map.groupBy(entries, ([, name]) => name)].flatMap(([name, same]) => {
    if (same.length < 2) return [];
    const paths = same.map(([field]) => `customer.fields.${field}`).join(' and ');
    return [problem('settings', `${paths} are both ${JSON.stringify(name)}`, 'give each a name of its own')];
  });
}

function describeCustomerFields({ rules }: Config): Finding[] {
  if (Object.values(rules.customer.fields).some((name) => name !== null)) return [];
  const detail =
    'none is sent: customer.fields sends names of customer groups and stores, the customer number and dates';
  return [ok('customer fields', detail)];
}
