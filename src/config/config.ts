/** Reads environment variables and settings files into a Config, and reports all errors at once. */
import type { CommercetoolsSettings } from '../commercetools/client.ts';
import { applyExtension } from '../extension/hooks.ts';
import { loadExtension } from '../extension/load.ts';
import type { Extension } from '../extension/types.ts';
import type { KlaviyoClientSettings } from '../klaviyo/api/client.ts';
import { cartToken } from '../rules/carts/link-token.ts';
import { rulesByResource } from '../rules/index.ts';
import { unknownTypeWarnings } from '../rules/required-subscriptions.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { RuleGroup } from '../rules/types.ts';
import type { TraceSettings } from '../telemetry/traces.ts';
import { displayValue, type EffectiveSetting, effectiveConfig, redactTexts } from './effective-config.ts';
import { type Environment, environmentSchema, normalizeEnv, problemsOf, variables } from './env/environment.ts';
import { plainHttpProblems } from './env/plain-http.ts';
import { missingPairs, type SourcesConfig, sourcesOf } from './env/sources.ts';
import type { Settings } from './settings/settings.ts';
import { readSettings } from './settings/settings-files.ts';
import { cartWarnings, environmentWarnings, settingsWarnings } from './warnings.ts';

export interface Config {
  commercetools: CommercetoolsSettings;
  klaviyo: KlaviyoClientSettings;
  rules: RuleSettings;
  /** All rules, including those of the merchant's ctk.config.ts. */
  groups: readonly RuleGroup[];
  settings: Settings;
  realtime: boolean;
  bulk: boolean;
  /** Executes runs and recovers accepted jobs; otherwise it only stores them. */
  runWorker: boolean;
  store: 'custom-objects' | 'memory';
  host: string;
  /** Ports to listen on; 0 is any free port. */
  ports: Port[];
  apiTokens: Record<'full' | 'readOnly', { name: string; token: string }[]>;
  allowUnauthenticatedPush: boolean;
  messageSources: SourcesConfig;
  /** Credentials of the destination of `ctk subscriptions`. */
  subscriptions: { key?: string | undefined; secret?: string | undefined };
  /** The topic that Connect created, for its scripts. */
  connect: {
    destination?: string | undefined;
    gcpProject?: string | undefined;
    gcpTopic?: string | undefined;
    awsTopicArn?: string | undefined;
  };
  /** Part of the keys of subscriptions. */
  environment: string;
  logLevel: string;
  /** Options that node was started with, on its command line or by NODE_OPTIONS. */
  nodeFlags: string[];
  /** Absent: no traces are exported. */
  traces?: TraceSettings;
  shutdownMs: number;
  warnings: string[];
  /** Files and variables that hold settings. */
  settingsSources: string[];
  effectiveConfig: EffectiveSetting[];
  extension?: { file: string; hooks: string[]; rules: string[] };
}

export interface Port {
  port: number;
  variable: 'PORT' | 'PUB_SUB_PORT' | 'BULK_IMPORT_PORT';
  serves: 'everything' | 'realtime' | 'bulk';
  /** If the port is in use, the service starts without it and logs a warning. */
  optional: boolean;
}

/** All errors of the configuration; each problem names the variable or setting and the fix. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`invalid configuration: ${problems.length} error${problems.length === 1 ? '' : 's'}`);
    this.problems = problems;
  }
}

/** @throws ConfigError with all problems */
export function readConfig(env: Record<string, string | undefined>): Config {
  const normalized = normalizeEnv(env);
  const parsed = environmentSchema.safeParse(normalized, { reportInput: true });
  const settings = readSettings(env);
  const extension = loadExtension(env);
  const problems = [
    ...(parsed.success ? [] : problemsOf(parsed.error)),
    ...missingPairs(normalized),
    ...plainHttpProblems(normalized),
    ...settings.problems,
    ...extension.problems,
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const derived = toConfig(parsed.data, settings.settings);
  const groups = applyExtension(rulesByResource, extension.extension);
  return {
    ...derived,
    nodeFlags: [...process.execArgv, ...(env.NODE_OPTIONS ?? '').split(/\s+/)],
    groups,
    warnings: [
      ...settings.warnings,
      ...environmentWarnings(parsed.data),
      ...settingsWarnings(settings.settings),
      ...cartWarnings(settings.settings, parsed.data),
      ...unknownTypeWarnings({ groups, settings: derived.rules }),
    ],
    settingsSources: settings.sources,
    effectiveConfig: effectiveConfig({ env, normalized, settings: settings.settings, layers: settings.layers }),
    ...(extension.file === undefined ? {} : { extension: namesOf(extension.file, extension.extension) }),
  };
}

type DerivedConfig = Omit<
  Config,
  'groups' | 'nodeFlags' | 'warnings' | 'settingsSources' | 'effectiveConfig' | 'extension'
>;

/** What a process that does one thing leaves to others. */
const sentElsewhere = { EVENT: 'bulk', BULK_IMPORT: 'realtime' } as const;

function toConfig(env: Environment, settings: Settings): DerivedConfig {
  const realtime = env.APP_TYPE !== 'BULK_IMPORT';
  const bulk = env.APP_TYPE !== 'EVENT';
  return {
    commercetools: {
      apiUrl: env.CT_API_URL,
      authUrl: env.CT_AUTH_URL,
      projectKey: env.CT_PROJECT_ID,
      clientId: env.CT_API_CLIENT.clientId,
      clientSecret: env.CT_API_CLIENT.secret,
      scopes: env.CT_SCOPES,
      timeoutMs: settings.commercetools.timeoutSeconds * 1_000,
      retries: settings.commercetools.retries,
    },
    klaviyo: {
      url: env.KLAVIYO_API_URL,
      key: env.KLAVIYO_AUTH_KEY,
      rateLimitShare: settings.klaviyo.rateLimitShare,
      realtimeReserve: settings.klaviyo.realtimeReserve,
      sentElsewhere: env.APP_TYPE ? sentElsewhere[env.APP_TYPE] : undefined,
      timeoutMs: settings.klaviyo.timeoutSeconds * 1_000,
      retries: settings.klaviyo.retries,
    },
    rules: {
      ...settings,
      preferredLocale: env.PREFERRED_LOCALE,
      preferredCurrency: env.PREFERRED_CURRENCY,
      productUrlTemplate: env.PRODUCT_URL_TEMPLATE,
      signCartId: signerOf(env.CART_LINK_SECRET),
    },
    settings,
    realtime,
    bulk,
    runWorker: env.RUN_WORKER,
    store: env.STORE,
    host: env.HOST,
    ports: portsOf(env, bulk),
    apiTokens: { full: env.API_TOKEN, readOnly: env.API_TOKEN_READ_ONLY },
    messageSources: sourcesOf(env),
    connect: {
      destination: env.CONNECT_SUBSCRIPTION_DESTINATION ?? destinationByProvider[env.CONNECT_PROVIDER ?? ''],
      gcpProject: env.CONNECT_GCP_PROJECT_ID,
      gcpTopic: env.CONNECT_GCP_TOPIC_NAME,
      awsTopicArn: env.CONNECT_AWS_TOPIC_ARN,
    },
    subscriptions: { key: env.SUBSCRIPTION_KEY, secret: env.SUBSCRIPTION_SECRET },
    allowUnauthenticatedPush: env.ALLOW_UNAUTHENTICATED_PUSH,
    // CONNECT_ENV may hold any character, but the key of a subscription may not.
    environment: env.CTK_ENVIRONMENT ?? env.CONNECT_ENV?.replace(/[^-_a-zA-Z0-9]+/g, '-').slice(0, 40) ?? 'default',
    logLevel: env.LOG_LEVEL,
    ...tracesOf(env),
    shutdownMs: env.SHUTDOWN_SECONDS * 1_000,
  };
}

function signerOf([secret]: readonly string[]): RuleSettings['signCartId'] {
  return secret === undefined ? undefined : (cartId, expiresAt) => cartToken(cartId, expiresAt, secret);
}

/** https://docs.commercetools.com/connect/automation-scripts */
const destinationByProvider: Record<string, string> = { GCP: 'GoogleCloudPubSub', AWS: 'SNS' };

function namesOf(file: string, { hooks, rules }: Extension): NonNullable<Config['extension']> {
  const names = Object.values(rules).flatMap((list) => list.map(({ name }) => name));
  return { file, hooks: Object.keys(hooks), rules: names };
}

function tracesOf(env: Environment): Pick<Config, 'traces'> {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return {};
  const { OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_SERVICE_NAME: serviceName, OTEL_TRACES_SAMPLER_ARG: ratio } = env;
  return { traces: { endpoint, headers, serviceName, ratio } };
}

const defaultPort = 8080;
/** Bulk port of the open-source plugin. */
const pluginBulkPort = 6779;

function portsOf(env: Environment, bulk: boolean): Port[] {
  const { PORT, PUB_SUB_PORT, BULK_IMPORT_PORT } = env;
  const onlyPluginPorts = PORT === undefined && (PUB_SUB_PORT !== undefined || BULK_IMPORT_PORT !== undefined);
  const noneSet = PORT === undefined && !onlyPluginPorts;
  const ports: Port[] = [
    // Optional if only the plugin's ports are set, so that two processes on one host do not compete for this one.
    { port: PORT ?? defaultPort, variable: 'PORT', serves: 'everything', optional: onlyPluginPorts },
  ];
  if (PUB_SUB_PORT !== undefined)
    ports.push({ port: PUB_SUB_PORT, variable: 'PUB_SUB_PORT', serves: 'realtime', optional: false });
  if (BULK_IMPORT_PORT !== undefined)
    ports.push({ port: BULK_IMPORT_PORT, variable: 'BULK_IMPORT_PORT', serves: 'bulk', optional: false });
  if (noneSet && bulk)
    ports.push({ port: pluginBulkPort, variable: 'BULK_IMPORT_PORT', serves: 'bulk', optional: true });
  return mergeSameNumbers(ports);
}

/** Merges ports with the same number into one that serves everything, and that is required if either is. */
function mergeSameNumbers(ports: readonly Port[]): Port[] {
  const sameNumber = (port: Port) => ports.filter((other) => port.port !== 0 && other.port === port.port);
  return ports
    .filter((port) => port.port === 0 || sameNumber(port)[0] === port)
    .map((port) => {
      const same = sameNumber(port);
      if (same.length < 2) return port;
      return { ...port, serves: 'everything', optional: same.every(({ optional }) => optional) };
    });
}

export function showConfig(env: Record<string, string | undefined>, config: Config): Record<string, unknown> {
  const normalized = normalizeEnv(env);
  const environment = variables.map((variable) => [variable.name, displayValue(variable, normalized[variable.name])]);
  return {
    environment: Object.fromEntries(environment),
    settingsFrom: config.settingsSources,
    extension: config.extension ?? '(none)',
    settings: redactTexts(config.settings),
  };
}
