/** `ctk migrate-check` with environments as merchants of the open-source plugin have them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment, folder } from '../fixtures/environment.ts';
import { customer, order, reference, stored } from '../fixtures/index.ts';
import { newEntry } from '../mapping/catalog-fixture.ts';
import { startTestEnv } from '../test-env.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const old = `
# a plugin's .env
CT_API_CLIENT='{"clientId":"the-client","secret":"top-secret"}'
CT_API_URL=https://api.europe-west1.gcp.commercetools.com
CT_AUTH_URL=https://auth.europe-west1.gcp.commercetools.com
CT_PROJECT_ID=shop
KLAVIYO_AUTH_KEY=pk_very_secret
APP_TYPE=EVENT
PUB_SUB_PORT=6789
SKIP_BASE64_DECODE=true
GOOGLE_ANALYTICS_ID=G-1
`;

test('says of every variable of an env file what becomes of it, shows no value, and that the service starts', async (context) => {
  const path = folder(context, { '.env': old });
  const { code, out, err } = await ctk(['migrate-check', `${path}/.env`]);
  assert.deepEqual([code, err], [0, '']);
  for (const said of [
    /^the same +CT_API_CLIENT /m,
    /^the same +KLAVIYO_AUTH_KEY /m,
    /^changed +APP_TYPE /m,
    /^changed +PUB_SUB_PORT .*PORT \(8080\)/m,
    /^without effect +SKIP_BASE64_DECODE /m,
    /^not read +GOOGLE_ANALYTICS_ID /m,
    /The service starts with it/,
    /PUSH_PUBSUB_AUDIENCE/,
    /409 \(it was 423\)/,
    /ctk subscriptions apply/,
  ])
    assert.match(out, said);
  assert.doesNotMatch(out, /API_TOKEN where/, 'this process serves no /sync');
  assert.doesNotMatch(out, /G-1|europe-west1\.gcp\.commercetools\.com$/m);
});

test('what is missing or wrong is listed as the service would list it, exit code 1', async (context) => {
  const path = folder(context, { '.env': 'CT_PROJECT_ID=shop\nPUB_SUB_PORT=eighty\n' });
  const { code, out } = await ctk(['migrate-check', `${path}/.env`]);
  assert.equal(code, 1);
  for (const name of ['KLAVIYO_AUTH_KEY', 'CT_API_CLIENT', 'PUB_SUB_PORT'])
    assert.match(out, new RegExp(`^  - ${name} `, 'm'));
});

test('settings of the plugin are read too: unknown ones and states that mean something else are named', async () => {
  const settings = { order: { mesages: {} }, payment: { states: { validTransactionStates: ['Pending', 'Success'] } } };
  const { code, out } = await ctk(['migrate-check'], environment({ NODE_CONFIG: JSON.stringify(settings) }));
  assert.equal(code, 0);
  assert.match(out, /^changed +NODE_CONFIG /m);
  assert.match(out, /no setting order\.mesages; did you mean order\.messages\?/);
  assert.match(out, /validTransactionStates has Pending/);
  assert.match(out, /set API_TOKEN if \/sync is called/);
  assert.doesNotMatch(out, /PATH/);
});

test('--records counts skus that would rise from 0, and names custom fields that would change', async () => {
  await using testEnv = await startTestEnv();
  const inChannel = { supplyChannel: reference('channel', 'berlin') };
  await testEnv.addRecords('inventory-entry', newEntry('a', 0), newEntry('b', 5, 'berlin'), newEntry('c', 7));
  await testEnv.addRecords('inventory-entry', { ...newEntry('c', 9), ...inChannel });
  const definition = (name: string, type: object) => ({ name, label: { en: name }, required: false, type });
  const fieldDefinitions = [
    definition('note', { name: 'String' }),
    definition('tiers', { name: 'Set', elementType: { name: 'Enum', values: [] } }),
  ];
  await testEnv.addRecords('type', {
    ...stored('type-1'),
    ...{ key: 't', name: { en: 'T' }, resourceTypeIds: ['order'], fieldDefinitions },
  });
  await testEnv.addRecords('customer', customer({ id: 'c', email: 'private@example.com' }));
  await testEnv.addRecords('order', order({ customerId: 'c', customerEmail: 'office@example.com' }));
  const { code, out } = await ctk(['migrate-check', '--records'], testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /^ {2}- 1 skus would rise from the stock of 0 .*--keep-stock/m);
  assert.match(out, /readable would change the values of tiers:/);
  assert.match(out, /^ {2}- 1 of the latest 1 orders have another e-mail than their customer/m);
});

test('a missing file is reported', async () => {
  const { code, err } = await ctk(['migrate-check', '/nowhere/.env']);
  assert.equal(code, 1);
  assert.match(err, /\/nowhere\/\.env can't be read/);
});
