/** Schema and descriptions of the environment variables. */
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import { apiTokensSchema } from './api-tokens.ts';
import { secret, sourceShape, sourceVariables, type Variable, variable } from './sources.ts';

/** All variables, in the order of docs/configuration.md. */
export const variables: readonly Variable[] = [
  secret('KLAVIYO_AUTH_KEY', 'private API key of the Klaviyo account (pk_…)'),
  variable('CT_PROJECT_ID', 'key of the commercetools project (or CTP_PROJECT_KEY)'),
  secret('CT_API_CLIENT', 'JSON with clientId and secret (or CTP_CLIENT_ID and CTP_CLIENT_SECRET)'),
  variable(
    'CT_API_URL',
    'API of your region, such as https://api.europe-west1.gcp.commercetools.com (or CTP_API_URL, or CTP_REGION)',
  ),
  variable(
    'CT_AUTH_URL',
    'auth host of your region, such as https://auth.europe-west1.gcp.commercetools.com (or CTP_AUTH_URL, or CTP_REGION)',
  ),
  variable(
    'CTP_REGION',
    'region of the project, such as europe-west1.gcp: gives CT_API_URL and CT_AUTH_URL if they are unset',
  ),
  variable(
    'CT_SCOPES',
    'OAuth scopes to request, space-separated (or CTP_SCOPE, CTP_SCOPES)',
    'all that the client has',
  ),
  variable('KLAVIYO_API_URL', "Klaviyo's API, the sandbox or a proxy", 'https://a.klaviyo.com'),
  variable('PREFERRED_LOCALE', 'locale of titles, descriptions and slugs, such as en-US', 'first available'),
  variable('PREFERRED_CURRENCY', 'currency of catalogue prices, such as EUR', 'first available'),
  variable('PRODUCT_URL_TEMPLATE', 'product page; {{productSlug}} is replaced by the slug', 'no URLs'),
  secret(
    'CART_LINK_SECRET',
    'signs {{token}} of carts.url; several comma-separated while it is replaced: the first one signs, the shop front accepts all',
  ),
  variable('APP_TYPE', 'EVENT (realtime only), BULK_IMPORT (bulk only)', 'both'),
  variable(
    'RUN_WORKER',
    'true: executes runs and recovers accepted jobs; false: only stores them, and another process does the rest',
    'true',
  ),
  variable(
    'STORE',
    'custom-objects: runs and dead letters are kept in commercetools; memory: a restart forgets them',
    'custom-objects',
  ),
  variable('PORT', 'serves everything', '8080'),
  variable('HOST', 'address to listen on', '0.0.0.0'),
  variable('PUB_SUB_PORT', 'a further port for realtime'),
  variable('BULK_IMPORT_PORT', 'a further port for /sync', '6779 where no port is set'),
  secret(
    'API_TOKEN',
    'bearer token of the admin endpoints, or name:token (name: a-z, 0-9 and -; it is shown in the audit log); several comma-separated; if unset, only localhost is accepted',
  ),
  secret('API_TOKEN_READ_ONLY', 'bearer token with read access, or name:token; several comma-separated'),
  variable(
    'ALLOW_UNAUTHENTICATED_PUSH',
    'true: POST / accepts messages without authentication (if the endpoint isn’t publicly reachable)',
    'false',
  ),
  variable(
    'ALLOW_PLAIN_HTTP',
    'true: URLs of other machines may be http:// (KLAVIYO_API_URL, CT_API_URL, CT_AUTH_URL, SQS_QUEUE_URL, OTEL_EXPORTER_OTLP_ENDPOINT)',
    'false',
  ),
  ...sourceVariables,
  variable('CTK_SETTINGS', 'a settings file, JSON or YAML'),
  variable(
    'CTK_CONFIG',
    'a file with your own hooks and rules (docs/extension.md)',
    'ctk.config.ts (.mts, .js, .mjs) where there is one',
  ),
  variable('CTK_ENVIRONMENT', 'part of the subscriptions’ keys', 'CONNECT_ENV, else default'),
  secret('SUBSCRIPTION_KEY', 'ctk subscriptions: access key (AWS without IAM) or API key (Kafka) of the destination'),
  secret(
    'SUBSCRIPTION_SECRET',
    'ctk subscriptions: secret of the destination; of Event Grid the key, of Service Bus the connection string',
  ),
  variable('CONNECT_ENV', "the open-source plugin's name for CTK_ENVIRONMENT"),
  variable(
    'CONNECT_SUBSCRIPTION_DESTINATION',
    'set by Connect for its scripts: GoogleCloudPubSub or SNS; the topic is in the next ones',
    'by CONNECT_PROVIDER',
  ),
  variable('CONNECT_PROVIDER', 'set by Connect for its scripts: GCP or AWS'),
  variable('CONNECT_GCP_PROJECT_ID', 'set by Connect for its scripts'),
  variable('CONNECT_GCP_TOPIC_NAME', 'set by Connect for its scripts'),
  variable('CONNECT_AWS_TOPIC_ARN', 'set by Connect for its scripts'),
  variable('CONNECT_SERVICE_URL', 'set by Connect for its scripts; ignored'),
  variable('NODE_CONFIG', "the open-source plugin's settings as JSON"),
  variable('NODE_CONFIG_DIR', "folder of the open-source plugin's settings files", './config'),
  variable('NODE_ENV', 'names one of those files: default.json, <NODE_ENV>.json, local.json'),
  variable('SKIP_BASE64_DECODE', 'ignored; kept for compatibility: wrapped or plain is recognised'),
  variable('LOG_LEVEL', 'trace, debug, info, warn, error, fatal or silent', 'info'),
  variable(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'a collector that takes OTLP over HTTP, such as http://localhost:4318: traces are sent to it',
  ),
  secret('OTEL_EXPORTER_OTLP_HEADERS', 'headers for it, such as api-key=…; several comma-separated'),
  variable('OTEL_SERVICE_NAME', 'name of this service in traces', 'commercetools-klaviyo'),
  variable(
    'OTEL_TRACES_SAMPLER_ARG',
    'fraction of traces that is sampled, 0 to 1; a trace from a message keeps its own decision',
    '1',
  ),
  variable('SHUTDOWN_SECONDS', 'seconds to finish what is in flight after SIGTERM', '25'),
  variable('NO_COLOR', 'any text: no colours in a terminal'),
];

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number, 0 to 65535')
  .transform(Number)
  .pipe(z.number().max(65_535, 'must be a port number, 0 to 65535'));
const url = z
  .url({ protocol: /^https?$/, error: 'must be a URL that begins with https://' })
  .transform((text) => text.replace(/\/+$/, ''));
const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false', ''], { error: 'must be true or false' }))
  .transform((text) => text === 'true');
const text = z.string().trim();
const required = text.min(1, 'is missing');
const headerValue = /^[\x21-\x7e]*$/;
/** The hosts of China have another domain. https://docs.commercetools.com/api/general-concepts#hosts */
const region = text.regex(
  /^(?!cn-)[a-z0-9-]+\.(gcp|aws|azure)$/,
  'must be a region such as europe-west1.gcp or eu-central-1.aws; for other hosts set CTP_API_URL and CTP_AUTH_URL',
);

const clientSecretForm = 'must be JSON such as {"clientId":"…","secret":"…"}';
const clientSecret = z
  .string()
  // Not undefined, which would be reported as a missing variable.
  .transform((value) => parseJson(value) ?? null)
  .pipe(z.object({ clientId: required, secret: required }, { error: clientSecretForm }));

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Values may be percent-encoded: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
function headerOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())];
}

const minSecretLength = 16;

/** Parses each variable independently, so that all errors are reported at once. */
export const environmentSchema = z.object({
  KLAVIYO_AUTH_KEY: required.regex(headerValue, 'must be one word without blanks'),
  KLAVIYO_API_URL: url.default('https://a.klaviyo.com'),
  CT_PROJECT_ID: required.regex(/^[-_a-zA-Z0-9]+$/, 'must be a project key: letters, digits, - and _'),
  CT_API_CLIENT: clientSecret,
  CT_API_URL: url,
  CT_AUTH_URL: url,
  CTP_REGION: region.optional(),
  CT_SCOPES: text.default('').transform((value) => value.split(/[\s,]+/).filter((scope) => scope !== '')),
  PREFERRED_LOCALE: text.default(''),
  PREFERRED_CURRENCY: z
    .union([z.literal(''), text.toUpperCase().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as EUR')])
    .default(''),
  PRODUCT_URL_TEMPLATE: text.default(''),
  CART_LINK_SECRET: text
    .default('')
    .transform((value) => value.split(',').map((secret) => secret.trim()))
    .transform((secrets) => secrets.filter((secret) => secret !== ''))
    .refine((secrets) => secrets.every(({ length }) => length >= minSecretLength), {
      error: `must be a text of ${minSecretLength} characters or more, several comma-separated`,
    }),
  APP_TYPE: z
    .enum(['EVENT', 'BULK_IMPORT', ''], { error: 'must be EVENT or BULK_IMPORT, or unset for both' })
    .default(''),
  RUN_WORKER: z.stringbool({ truthy: ['true'], falsy: ['false'], error: 'must be true or false' }).default(true),
  STORE: z.enum(['custom-objects', 'memory'], { error: 'must be custom-objects or memory' }).default('custom-objects'),
  PORT: port.optional(),
  HOST: text.default('0.0.0.0'),
  PUB_SUB_PORT: port.optional(),
  BULK_IMPORT_PORT: port.optional(),
  API_TOKEN: apiTokensSchema('API_TOKEN').default([]),
  API_TOKEN_READ_ONLY: apiTokensSchema('API_TOKEN_READ_ONLY').default([]),
  ALLOW_UNAUTHENTICATED_PUSH: flag.default(false),
  ALLOW_PLAIN_HTTP: flag.default(false),
  ...sourceShape,
  CTK_ENVIRONMENT: text.regex(/^[-_a-zA-Z0-9]{1,40}$/, 'must be letters, digits, - and _, 40 at most').optional(),
  SUBSCRIPTION_KEY: text.optional(),
  SUBSCRIPTION_SECRET: text.optional(),
  CONNECT_ENV: text.optional(),
  CONNECT_SUBSCRIPTION_DESTINATION: text.optional(),
  CONNECT_PROVIDER: text.toUpperCase().optional(),
  CONNECT_GCP_PROJECT_ID: text.optional(),
  CONNECT_GCP_TOPIC_NAME: text.optional(),
  CONNECT_AWS_TOPIC_ARN: text.optional(),
  LOG_LEVEL: text
    .toLowerCase()
    .pipe(
      z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
        error: 'must be trace, debug, info, warn, error, fatal or silent',
      }),
    )
    .default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: text
    .regex(/^[^=,]+=[^,]*(,[^=,]+=[^,]*)*$/, 'must be such as api-key=…, several comma-separated')
    .transform((value) => Object.fromEntries(value.split(',').map(headerOf)))
    .default({}),
  OTEL_SERVICE_NAME: text.default('commercetools-klaviyo'),
  OTEL_TRACES_SAMPLER_ARG: text
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1')
    .default('1')
    .transform(Number),
  SHUTDOWN_SECONDS: text
    .regex(/^\d{1,4}(\.\d+)?$/, 'must be a number of seconds, 9999 at most')
    .default('25')
    .transform(Number),
});
export type Environment = z.infer<typeof environmentSchema>;

/** Alternative names on commercetools Connect; the variables' own names are those of the open-source plugin. */
const alternativeNames: Record<string, readonly string[]> = {
  CT_PROJECT_ID: ['CTP_PROJECT_KEY'],
  CT_API_URL: ['CTP_API_URL'],
  CT_AUTH_URL: ['CTP_AUTH_URL'],
  CT_SCOPES: ['CTP_SCOPE', 'CTP_SCOPES'],
};

export const connectNames: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(alternativeNames).flatMap(([name, alternatives]) => alternatives.map((other) => [other, name])),
  ),
  CTP_CLIENT_ID: 'a part of CT_API_CLIENT',
  CTP_CLIENT_SECRET: 'a part of CT_API_CLIENT',
};

/** @returns the variables under their own names instead of Connect's; an empty value counts as unset */
export function normalizeEnv(env: Record<string, string | undefined>): Record<string, string> {
  const normalized: Record<string, string> = {};
  for (const { name } of variables) {
    const value = [name, ...(alternativeNames[name] ?? [])].map((known) => env[known]).find(Boolean);
    if (value) normalized[name] = value;
  }
  if (env.CTP_REGION) {
    const host = `${env.CTP_REGION.trim()}.commercetools.com`;
    normalized.CT_API_URL ??= `https://api.${host}`;
    normalized.CT_AUTH_URL ??= `https://auth.${host}`;
  }
  if (normalized.CT_API_CLIENT === undefined && (env.CTP_CLIENT_ID || env.CTP_CLIENT_SECRET)) {
    normalized.CT_API_CLIENT = JSON.stringify({
      clientId: env.CTP_CLIENT_ID ?? '',
      secret: env.CTP_CLIENT_SECRET ?? '',
    });
  }
  return normalized;
}

export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    const description = variables.find((variable) => variable.name === name)?.description ?? '';
    const nestedPath = issue.path.slice(1).join('.');
    return `${name}${nestedPath && `.${nestedPath}`} ${problemOf(issue)} — ${description}`;
  });
}

function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  if (issue.input === undefined) return 'is missing';
  return issue.path.length > 1 ? 'must be a text' : issue.message;
}
