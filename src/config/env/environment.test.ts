/** Tests how environment variables are read, and the messages for invalid and missing ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Env, environment } from '../../../test/fixtures/environment.ts';
import { cartIdOf } from '../../rules/carts/link-token.ts';
import { ConfigError, readConfig, showConfig } from '../config.ts';
import { environmentSchema, variables } from './environment.ts';

function problemsOf(env: Env): readonly string[] {
  try {
    readConfig(env);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
  return [];
}

/** @returns the only problem of an environment */
function problemOf(env: Env): string {
  const all = problemsOf(environment(env));
  assert.equal(all.length, 1, all.join('\n'));
  return all[0] ?? '';
}

test('the environment of the open-source plugin is sufficient', () => {
  const config = readConfig(environment({ CT_SCOPES: 'view_orders:shop view_customers:shop' }));
  assert.deepEqual(
    { ...config.commercetools, timeoutMs: 0, retries: 0 },
    {
      apiUrl: 'https://api.example',
      authUrl: 'https://auth.example',
      projectKey: 'shop',
      clientId: 'the-client',
      clientSecret: 'top-secret',
      scopes: ['view_orders:shop', 'view_customers:shop'],
      timeoutMs: 0,
      retries: 0,
    },
  );
  assert.equal(config.klaviyo.key, 'pk_very_secret');
  assert.equal(config.klaviyo.url, 'https://a.klaviyo.com');
});

test('all missing variables are reported at once, each with its description', () => {
  const all = problemsOf({});
  for (const name of ['KLAVIYO_AUTH_KEY', 'CT_PROJECT_ID', 'CT_API_CLIENT', 'CT_API_URL', 'CT_AUTH_URL'])
    assert.match(all.find((line) => line.startsWith(name)) ?? '', / is missing — .{10}/, name);
  assert.equal(all.length, 5);
});

test('errors in variables and settings are reported together', () => {
  const all = problemsOf(
    environment({ PORT: 'eighty', APP_TYPE: 'both', NODE_CONFIG: '{"klaviyo":{"rateLimitShare":2}}' }),
  );
  assert.equal(all.length, 3);
});

test('the names of commercetools Connect are supported', () => {
  const config = readConfig({
    KLAVIYO_AUTH_KEY: 'pk_1',
    CTP_PROJECT_KEY: 'connected',
    CTP_CLIENT_ID: 'id',
    CTP_CLIENT_SECRET: 'secret',
    CTP_API_URL: 'https://api.connect',
    CTP_AUTH_URL: 'https://auth.connect',
    CTP_SCOPE: 'manage_project:connected',
    NODE_CONFIG_DIR: '/nowhere',
  });
  const { projectKey, clientId, clientSecret, apiUrl, authUrl, scopes } = config.commercetools;
  assert.deepEqual([projectKey, clientId, clientSecret], ['connected', 'id', 'secret']);
  assert.deepEqual(
    [apiUrl, authUrl, scopes],
    ['https://api.connect', 'https://auth.connect', ['manage_project:connected']],
  );
});

test('CTP_REGION gives the hosts that are not set', () => {
  const hosts = (env: Env) => {
    const { apiUrl, authUrl } = readConfig(environment(env)).commercetools;
    return [apiUrl, authUrl];
  };
  const unset = { CT_API_URL: undefined, CT_AUTH_URL: undefined };
  for (const region of [
    'europe-west1.gcp',
    'us-central1.gcp',
    'eu-central-1.aws',
    'us-east-2.aws',
    'australia-southeast1.gcp',
  ])
    assert.deepEqual(hosts({ ...unset, CTP_REGION: region }), [
      `https://api.${region}.commercetools.com`,
      `https://auth.${region}.commercetools.com`,
    ]);
  assert.deepEqual(hosts({ CTP_REGION: 'us-east-2.aws' }), ['https://api.example', 'https://auth.example']);
  assert.deepEqual(hosts({ CT_AUTH_URL: undefined, CTP_REGION: 'us-east-2.aws' }), [
    'https://api.example',
    'https://auth.us-east-2.aws.commercetools.com',
  ]);
  for (const region of ['europe', 'cn-northwest-1.aws'])
    assert.match(problemOf({ ...unset, CTP_REGION: region }), /^CTP_REGION must be a region such as europe-west1\.gcp/);
  const missing = problemsOf(environment(unset));
  assert.equal(missing.length, 2);
  for (const problem of missing) assert.match(problem, /is missing — .*CTP_REGION/);
});

test('the scopes have two names on Connect', () => {
  assert.deepEqual(readConfig(environment({ CTP_SCOPES: 'view_orders:shop' })).commercetools.scopes, [
    'view_orders:shop',
  ]);
});

test('the destination of Connect is named by it, or follows from its provider', () => {
  const destination = (env: Env) => readConfig(environment(env)).connect.destination;
  assert.equal(destination({ CONNECT_PROVIDER: 'GCP' }), 'GoogleCloudPubSub');
  assert.equal(destination({ CONNECT_PROVIDER: 'aws' }), 'SNS');
  assert.equal(
    destination({ CONNECT_PROVIDER: 'AWS', CONNECT_SUBSCRIPTION_DESTINATION: 'GoogleCloudPubSub' }),
    'GoogleCloudPubSub',
  );
  assert.equal(destination({}), undefined);
});

test('CT_ names win over those of Connect, and an empty value counts as unset', () => {
  assert.equal(readConfig(environment({ CTP_PROJECT_KEY: 'other' })).commercetools.projectKey, 'shop');
  assert.equal(
    readConfig(environment({ CT_PROJECT_ID: '', CTP_PROJECT_KEY: 'other' })).commercetools.projectKey,
    'other',
  );
  assert.deepEqual(
    readConfig(environment({ API_TOKEN: '', PORT: '', APP_TYPE: '', LOG_LEVEL: '' })).apiTokens.full,
    [],
  );
});

test('an incomplete Connect client is an error that names the missing part', () => {
  const all = problemsOf(environment({ CT_API_CLIENT: undefined, CTP_CLIENT_ID: 'id' }));
  assert.match(all.join(), /^CT_API_CLIENT\.secret is missing — .*CTP_CLIENT_SECRET/);
});

test('the message for an invalid variable names it and the expected value', () => {
  const invalid: [Env, RegExp][] = [
    [{ CT_API_CLIENT: 'the-client:top-secret' }, /^CT_API_CLIENT must be JSON such as \{"clientId"/],
    [{ CT_API_CLIENT: '["top-secret"]' }, /^CT_API_CLIENT must be JSON such as/],
    [{ CT_API_CLIENT: '{"clientId":"x"}' }, /^CT_API_CLIENT\.secret is missing/],
    [{ CT_API_CLIENT: '{"clientId":1,"secret":"top-secret"}' }, /^CT_API_CLIENT\.clientId must be a text/],
    [{ CT_API_URL: 'api.example' }, /^CT_API_URL must be a URL that begins with https/],
    [{ CT_AUTH_URL: 'ftp://auth.example' }, /^CT_AUTH_URL must be a URL/],
    [{ KLAVIYO_API_URL: 'klaviyo' }, /^KLAVIYO_API_URL must be a URL/],
    [{ KLAVIYO_AUTH_KEY: 'pk_very secret' }, /^KLAVIYO_AUTH_KEY must be one word/],
    [{ CT_PROJECT_ID: 'my shop' }, /^CT_PROJECT_ID must be a project key/],
    [{ PREFERRED_CURRENCY: 'Euro' }, /^PREFERRED_CURRENCY must be an ISO 4217 code such as EUR/],
    [{ APP_TYPE: 'REALTIME' }, /^APP_TYPE must be EVENT or BULK_IMPORT, or unset for both/],
    [{ PORT: '99999' }, /^PORT must be a port number/],
    [{ PUB_SUB_PORT: '-1' }, /^PUB_SUB_PORT must be a port number/],
    [{ BULK_IMPORT_PORT: '6779.5' }, /^BULK_IMPORT_PORT must be a port number/],
    [{ API_TOKEN: 'short' }, /^API_TOKEN must have 16 characters/],
    [{ ALLOW_UNAUTHENTICATED_PUSH: 'yes' }, /^ALLOW_UNAUTHENTICATED_PUSH must be true or false/],
    [{ CTK_ENVIRONMENT: 'a b' }, /^CTK_ENVIRONMENT must be letters/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be trace, debug/],
    [{ SHUTDOWN_SECONDS: 'soon' }, /^SHUTDOWN_SECONDS must be a number of seconds/],
    [{ CTK_SETTINGS: '/nowhere/ctk.yaml' }, /^CTK_SETTINGS: there is no file \/nowhere\/ctk\.yaml; give the path/],
  ];
  for (const [env, message] of invalid) assert.match(problemOf(env), message);
});

test('messages never contain a secret', () => {
  const all = problemsOf({
    KLAVIYO_AUTH_KEY: 'pk_very secret',
    CT_API_CLIENT: '{"clientId":"the-client","secret":"top-secret"',
    API_TOKEN: 'my-token',
    CT_API_URL: 'user:top-secret@api.example',
    NODE_CONFIG: '{"klaviyoKey: "pk_very_secret", [}',
    NODE_CONFIG_DIR: '/nowhere',
  });
  assert.ok(all.length >= 5);
  assert.doesNotMatch(all.join(), /pk_very|top-secret|my-token/);
});

test('ctk config prints secrets as ***', () => {
  const env = environment({
    API_TOKEN: '0123456789abcdef',
    KLAVIYO_API_URL: 'https://user:hu@hush@proxy.example',
    SQS_QUEUE_URL: 'https://sqs.example/queue?signature=hush',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/v1?api-key=hush',
    NODE_CONFIG: '{"klaviyoKey":"pk_stray"}',
  });
  const shown = JSON.stringify(showConfig(env, readConfig(env)));
  assert.doesNotMatch(shown, /pk_very_secret|top-secret|0123456789abcdef|hush|pk_stray/);
  assert.match(shown, /"KLAVIYO_AUTH_KEY":"\*\*\*"/);
  assert.match(shown, /https:\/\/\*\*\*@proxy\.example/);
  assert.match(shown, /"PORT":"\(8080\)"/);
});

test('plain http to another machine is refused, unless it is allowed; this machine needs no permission', () => {
  for (const name of ['KLAVIYO_API_URL', 'CT_API_URL', 'CT_AUTH_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'SQS_QUEUE_URL']) {
    for (const host of ['api.example', '10.0.0.7:8080', 'localhost.example', '[fd00::1]', '127.0.0.1.example']) {
      const said = problemOf({ [name]: `http://${host}/a` });
      assert.match(said, new RegExp(`^${name} is plain http to another machine.*ALLOW_PLAIN_HTTP`));
      assert.ok(readConfig(environment({ [name]: `http://${host}/a`, ALLOW_PLAIN_HTTP: 'true' })));
    }
    for (const url of ['https://api.example/a', 'http://localhost:1/a', 'http://127.0.0.1:1/a', 'http://[::1]/a'])
      assert.ok(readConfig(environment({ [name]: url })), url);
  }
});

test("APP_TYPE decides which parts the process runs, and what it leaves of Klaviyo's quota to another one", () => {
  const parts = (env: Env) => {
    const { realtime, bulk, klaviyo } = readConfig(environment(env));
    return [realtime, bulk, klaviyo.sentElsewhere];
  };
  assert.deepEqual(parts({}), [true, true, undefined]);
  assert.deepEqual(parts({ APP_TYPE: 'EVENT' }), [true, false, 'bulk']);
  assert.deepEqual(parts({ APP_TYPE: 'BULK_IMPORT' }), [false, true, 'realtime']);
});

test('no variable that Connect sets disables /sync', () => {
  const connect = {
    CONNECT_ENV: 'production',
    CONNECT_PROVIDER: 'GCP',
    CONNECT_SERVICE_URL: 'https://service.example',
    CONNECT_SUBSCRIPTION_DESTINATION: 'GoogleCloudPubSub',
    CONNECT_GCP_PROJECT_ID: 'p',
    CONNECT_GCP_TOPIC_NAME: 't',
    CONNECT_AWS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:t',
  };
  assert.equal(readConfig(environment({ ...connect, APP_TYPE: 'BULK_IMPORT' })).bulk, true);
});

test('the environment in the keys of subscriptions is CTK_ENVIRONMENT, else CONNECT_ENV, else default', () => {
  assert.equal(readConfig(environment()).environment, 'default');
  assert.equal(readConfig(environment({ CONNECT_ENV: 'prod' })).environment, 'prod');
  assert.equal(readConfig(environment({ CONNECT_ENV: 'prod', CTK_ENVIRONMENT: 'eu' })).environment, 'eu');
  assert.equal(readConfig(environment({ CONNECT_ENV: 'Prod (EU)' })).environment, 'Prod-EU-');
});

test('a valid but probably wrong value is a warning', () => {
  const { warnings } = readConfig(environment({ PRODUCT_URL_TEMPLATE: 'https://shop.example/p/{productSlug}' }));
  assert.match(warnings.join(), /PRODUCT_URL_TEMPLATE holds no \{\{productSlug\}\}/);
  assert.deepEqual(readConfig(environment({ SKIP_BASE64_DECODE: 'whatever' })).warnings, []);
});

test('case and a slash at the end do not matter', () => {
  const config = readConfig(
    environment({ LOG_LEVEL: 'WARN', PREFERRED_CURRENCY: 'eur', CT_API_URL: 'https://api.example/' }),
  );
  assert.deepEqual(
    [config.logLevel, config.rules.preferredCurrency, config.commercetools.apiUrl],
    ['warn', 'EUR', 'https://api.example'],
  );
});

test('every variable that is read is in the table', () => {
  const listed = new Set(variables.map(({ name }) => name));
  for (const name of Object.keys(environmentSchema.shape)) assert.ok(listed.has(name), name);
});

test("traces are configured by OpenTelemetry's variables", () => {
  assert.equal(readConfig(environment()).traces, undefined);
  const { traces } = readConfig(
    environment({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a-word, x-team = 100%',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    }),
  );
  assert.deepEqual(traces, {
    endpoint: 'https://collector.example/otlp',
    headers: { authorization: 'Bearer a-word', 'x-team': '100%' },
    serviceName: 'commercetools-klaviyo',
    ratio: 0.1,
  });
  assert.match(problemOf({ OTEL_TRACES_SAMPLER_ARG: '10' }), /^OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1/);
  const headers = problemOf({ OTEL_EXPORTER_OTLP_HEADERS: 'a-secret-without-name' });
  assert.match(headers, /^OTEL_EXPORTER_OTLP_HEADERS must be such as/);
  assert.doesNotMatch(headers, /a-secret/);
});

test('the secrets of cart links are a list, and a short one is refused without showing it', () => {
  const { rules } = readConfig(environment({ CART_LINK_SECRET: 'the present secret, the former secret' }));
  const token = rules.signCartId?.('cart', new Date('2026-03-16T12:00:00Z')) ?? '';
  const at = new Date('2026-03-16T11:00:00Z');
  assert.deepEqual(cartIdOf(token, ['the present secret'], at), { cartId: 'cart' });
  assert.deepEqual(cartIdOf(token, ['the former secret'], at), { invalid: 'signature' });
  assert.equal(readConfig(environment()).rules.signCartId, undefined);
  const problem = problemOf({ CART_LINK_SECRET: 'the present secret,short' });
  assert.match(problem, /^CART_LINK_SECRET must be a text of 16 characters or more/);
  assert.ok(!problem.includes('short'));
});

test('carts that are on warn about a link that is missing or cannot be verified, and about who reads them', () => {
  const warningsOf = (carts: object, env: Env = {}) =>
    readConfig(environment({ NODE_CONFIG: JSON.stringify({ carts: { enabled: true, ...carts } }), ...env })).warnings;
  const secret = { CART_LINK_SECRET: 'a secret of the shop' };
  const url = 'https://shop.example/{{token}}';
  assert.deepEqual(warningsOf({ url }, secret), []);
  assert.deepEqual(warningsOf({ enabled: false }), []);
  assert.match(warningsOf({}).join(), /^carts.url is empty/);
  assert.match(warningsOf({ url }).join(), /CART_LINK_SECRET is not set/);
  assert.match(warningsOf({ url: 'https://shop.example/{{cartId}}' }, secret).join(), /no \{\{token\}\}/);
  assert.match(warningsOf({ url }, { ...secret, APP_TYPE: 'EVENT' }).join(), /^APP_TYPE=EVENT reads no carts/);
  assert.match(
    warningsOf({ url, watch: 'subscription' }, { ...secret, APP_TYPE: 'BULK_IMPORT' }).join(),
    /^APP_TYPE=BULK_IMPORT gets no messages/,
  );
});
