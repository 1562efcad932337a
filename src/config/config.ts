/** Environment + settings files -> Config. The only reader of process.env; every mistake is listed at once. */
import type { CommercetoolsSettings } from '../commercetools/client.ts';
import { applyExtension } from '../extension/apply.ts';
import { loadExtension } from '../extension/load.ts';
import type { Extension } from '../extension/types.ts';
import type { KlaviyoClientSettings } from '../klaviyo/api/client.ts';
import { rulesByResource } from '../rules/index.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { RuleGroup } from '../rules/types.ts';
import type { TraceSettings } from '../telemetry/traces.ts';
import { type EffectiveSetting, effectiveConfig, shownVariable } from './effective-config.ts';
import { doubts, type Environment, environmentSchema, problemsOf, underOneName, variables } from './env/environment.ts';
import { halvesMissing, type SourcesConfig, sourcesOf } from './env/sources.ts';
import type { Settings } from './settings/settings.ts';
import { readSettings } from './settings/settings-files.ts';

export interface Config {
  commercetools: CommercetoolsSettings;
  klaviyo: KlaviyoClientSettings;
  rules: RuleSettings;
  /** All rules, with what the merchant's ctk.config.ts adds and changes. */
  groups: readonly RuleGroup[];
  settings: Settings;
  /** What this process does. */
  realtime: boolean;
  bulk: boolean;
  /** Executes bulk syncs; otherwise it only queues them. */
  runWorker: boolean;
  store: 'custom-objects' | 'memory';
  host: string;
  /** Ports and what each serves; 0 is any free one. */
  ports: Port[];
  apiTokens: { full: string[]; readOnly: string[] };
  allowUnauthenticatedPush: boolean;
  arrivals: SourcesConfig;
  /** Of the destination that `ctk subscriptions` names. */
  subscriptions: { key?: string | undefined; secret?: string | undefined };
  /** What Connect tells its scripts of the topic that it made. */
  connect: {
    destination?: string | undefined;
    gcpProject?: string | undefined;
    gcpTopic?: string | undefined;
    awsTopicArn?: string | undefined;
  };
  /** Part of the subscriptions' keys. */
  environment: string;
  logLevel: string;
  /** Absent: no traces. */
  traces?: TraceSettings;
  shutdownMs: number;
  /** Told in the log at start. */
  warnings: string[];
  /** Where settings were found. */
  sources: string[];
  /** Every variable and setting as it is in force, and where it comes from. */
  effectiveConfig: EffectiveSetting[];
  /** The merchant's ctk.config.ts, and what it holds. */
  extension?: { file: string; hooks: string[]; rules: string[] };
}

export interface Port {
  port: number;
  /** The variable that moves it. */
  variable: 'PORT' | 'PUB_SUB_PORT' | 'BULK_IMPORT_PORT';
  serves: 'everything' | 'realtime' | 'bulk';
  /** Taken by somebody else: a warning, not the end. */
  optional: boolean;
}

/** All that is wrong with the configuration; each line names the variable or setting and the way out. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} mistake${problems.length === 1 ? '' : 's'}`);
    this.problems = problems;
  }
}

/**
 * @param said the environment's variables
 * @throws ConfigError with every mistake
 */
export function readConfig(said: Record<string, string | undefined>): Config {
  const named = underOneName(said);
  const parsed = environmentSchema.safeParse(named, { reportInput: true });
  const { settings, sources, said: told, problems: wrongSettings, warnings } = readSettings(said);
  const loaded = loadExtension(said);
  const problems = [
    ...(parsed.success ? [] : problemsOf(parsed.error)),
    ...halvesMissing(named),
    ...wrongSettings,
    ...loaded.problems,
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const env = parsed.data;
  const connect = env.CONNECT_ENV !== undefined;
  const realtime = env.APP_TYPE !== 'BULK_IMPORT' || connect;
  const bulk = env.APP_TYPE !== 'EVENT' && !connect;
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
      timeoutMs: settings.klaviyo.timeoutSeconds * 1_000,
      retries: settings.klaviyo.retries,
    },
    rules: {
      ...settings,
      preferredLocale: env.PREFERRED_LOCALE,
      preferredCurrency: env.PREFERRED_CURRENCY,
      productUrlTemplate: env.PRODUCT_URL_TEMPLATE,
    },
    groups: applyExtension(rulesByResource, loaded.extension),
    settings,
    realtime,
    bulk,
    runWorker: env.RUN_WORKER,
    store: env.STORE,
    host: env.HOST,
    ports: portsOf(env, bulk),
    apiTokens: { full: env.API_TOKEN, readOnly: env.API_TOKEN_READ_ONLY },
    arrivals: sourcesOf(env),
    connect: {
      destination: env.CONNECT_SUBSCRIPTION_DESTINATION,
      gcpProject: env.CONNECT_GCP_PROJECT_ID,
      gcpTopic: env.CONNECT_GCP_TOPIC_NAME,
      awsTopicArn: env.CONNECT_AWS_TOPIC_ARN,
    },
    subscriptions: { key: env.SUBSCRIPTION_KEY, secret: env.SUBSCRIPTION_SECRET },
    allowUnauthenticatedPush: env.ALLOW_UNAUTHENTICATED_PUSH,
    // Connect's name may hold any character, a subscription's key may not.
    environment: env.CTK_ENVIRONMENT ?? env.CONNECT_ENV?.replace(/[^-_a-zA-Z0-9]+/g, '-').slice(0, 40) ?? 'default',
    logLevel: env.LOG_LEVEL,
    ...tracesOf(env),
    shutdownMs: env.SHUTDOWN_SECONDS * 1_000,
    warnings: [...warnings, ...doubts(env)],
    sources,
    effectiveConfig: effectiveConfig({ said, named, settings, told }),
    ...(loaded.file === undefined ? {} : { extension: namesOf(loaded.file, loaded.extension) }),
  };
}

function namesOf(file: string, { hooks, rules }: Extension): NonNullable<Config['extension']> {
  const own = Object.values(rules).flatMap((list) => list.map(({ name }) => name));
  return { file, hooks: Object.keys(hooks), rules: own };
}

function tracesOf(env: Environment): Pick<Config, 'traces'> {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return {};
  const { OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_SERVICE_NAME: serviceName, OTEL_TRACES_SAMPLER_ARG: ratio } = env;
  return { traces: { endpoint, headers, serviceName, ratio } };
}

const defaultPort = 8080;
const incumbentsBulkPort = 6779;

function portsOf(env: Environment, bulk: boolean): Port[] {
  const { PORT, PUB_SUB_PORT, BULK_IMPORT_PORT } = env;
  const onlyOthers = PORT === undefined && (PUB_SUB_PORT !== undefined || BULK_IMPORT_PORT !== undefined);
  const noneSet = PORT === undefined && !onlyOthers;
  const ports: Port[] = [
    // Two processes on one host that know only the incumbent's ports must not fight for a third one.
    { port: PORT ?? defaultPort, variable: 'PORT', serves: 'everything', optional: onlyOthers },
  ];
  if (PUB_SUB_PORT !== undefined)
    ports.push({ port: PUB_SUB_PORT, variable: 'PUB_SUB_PORT', serves: 'realtime', optional: false });
  if (BULK_IMPORT_PORT !== undefined)
    ports.push({ port: BULK_IMPORT_PORT, variable: 'BULK_IMPORT_PORT', serves: 'bulk', optional: false });
  if (noneSet && bulk)
    ports.push({ port: incumbentsBulkPort, variable: 'BULK_IMPORT_PORT', serves: 'bulk', optional: true });
  return onePortForEachNumber(ports);
}

/** One number in two variables is one port that serves everything; it must be there if either must. */
function onePortForEachNumber(ports: readonly Port[]): Port[] {
  const namesakes = (one: Port) => ports.filter(({ port }) => one.port !== 0 && port === one.port);
  return ports
    .filter((one) => one.port === 0 || namesakes(one)[0] === one)
    .map((one) => {
      if (namesakes(one).length < 2) return one;
      return { ...one, serves: 'everything', optional: namesakes(one).every(({ optional }) => optional) };
    });
}

/** What is in force, as plain data to print: secrets are `***`. */
export function showConfig(said: Record<string, string | undefined>, config: Config): Record<string, unknown> {
  const named = underOneName(said);
  const environment = variables.map((variable) => [variable.name, shownVariable(variable, named[variable.name])]);
  return {
    environment: Object.fromEntries(environment),
    settingsFrom: config.sources,
    extension: config.extension ?? '(none)',
    settings: config.settings,
  };
}

/** The environment of this process. */
export function processEnvironment(): Record<string, string | undefined> {
  return process.env;
}

/**
 * Adds a file's variables to those of this process, where they are not set yet.
 * @throws ConfigError where there is no such file
 */
export function loadEnvironment(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch {
    throw new ConfigError([`--env: there is no readable file ${file}; ctk init writes one`]);
  }
}
