/** Environment + settings files -> Config. The only reader of process.env; every mistake is listed at once. */
import type { CommercetoolsSettings } from '../commercetools/client.ts';
import type { KlaviyoClientSettings } from '../klaviyo/client.ts';
import type { RuleSettings } from '../rules/settings.ts';
import { environmentSchema, problemsOf, underOneName, variables } from './environment.ts';
import type { Settings } from './settings.ts';
import { readSettings } from './settings-files.ts';

export interface Config {
  commercetools: CommercetoolsSettings;
  klaviyo: KlaviyoClientSettings;
  rules: RuleSettings;
  settings: Settings;
  /** What this process does. */
  realtime: boolean;
  bulk: boolean;
  host: string;
  /** Ports and what each serves; 0 is any free one. */
  ports: Port[];
  apiToken: string | undefined;
  allowUnauthenticatedPush: boolean;
  /** Part of the subscriptions' keys. */
  environment: string;
  logLevel: string;
  shutdownMs: number;
  /** Told in the log at start. */
  warnings: string[];
  /** Where settings were found. */
  sources: string[];
}

export interface Port {
  port: number;
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
  const parsed = environmentSchema.safeParse(underOneName(said), { reportInput: true });
  const { settings, sources, problems: wrongSettings, warnings } = readSettings(said);
  const problems = [...(parsed.success ? [] : problemsOf(parsed.error)), ...wrongSettings];
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
      share: settings.klaviyo.share,
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
    settings,
    realtime,
    bulk,
    host: env.HOST,
    ports: portsOf(env),
    apiToken: env.API_TOKEN,
    allowUnauthenticatedPush: env.ALLOW_UNAUTHENTICATED_PUSH,
    environment: env.CTK_ENVIRONMENT ?? env.CONNECT_ENV ?? 'default',
    logLevel: env.LOG_LEVEL,
    shutdownMs: env.SHUTDOWN_SECONDS * 1_000,
    warnings,
    sources,
  };
}

const defaultPort = 8080;
const incumbentsBulkPort = 6779;

function portsOf(env: {
  PORT?: number | undefined;
  PUB_SUB_PORT?: number | undefined;
  BULK_IMPORT_PORT?: number | undefined;
}): Port[] {
  const ports: Port[] = [{ port: env.PORT ?? defaultPort, serves: 'everything', optional: false }];
  if (env.PUB_SUB_PORT !== undefined) ports.push({ port: env.PUB_SUB_PORT, serves: 'realtime', optional: false });
  if (env.BULK_IMPORT_PORT !== undefined) ports.push({ port: env.BULK_IMPORT_PORT, serves: 'bulk', optional: false });
  const noneSet = env.PORT === undefined && env.PUB_SUB_PORT === undefined && env.BULK_IMPORT_PORT === undefined;
  if (noneSet) ports.push({ port: incumbentsBulkPort, serves: 'bulk', optional: true });
  // One number in two variables is one port, and the first of them serves everything.
  return ports.filter(({ port }, index) => port === 0 || ports.findIndex((one) => one.port === port) === index);
}

/** What is in force, as plain data to print: secrets are `***`. */
export function showConfig(said: Record<string, string | undefined>, config: Config): Record<string, unknown> {
  const named = underOneName(said);
  const environment = variables.map(({ name, secret, default: fallback }) => {
    const value = named[name];
    const shown =
      value === undefined ? (fallback === undefined ? '(not set)' : `(${fallback})`) : secret ? '***' : value;
    return [name, shown];
  });
  return { environment: Object.fromEntries(environment), settingsFrom: config.sources, settings: config.settings };
}

/** The environment of this process. */
export function processEnvironment(): Record<string, string | undefined> {
  return process.env;
}
