/** What `ctk` says when it is asked for help, or asked for something that there is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment } from '../fixtures/environment.ts';
import type { Ended } from '../program.ts';
import { ctk } from './ctk.ts';

/** Every command that `ctk --help` lists, those below a command too; each says its own help, or this ends here. */
async function commands(path: string[] = []): Promise<{ path: string[]; help: Ended }[]> {
  const help = await ctk([...path, '--help']);
  // Where a command is not known commander shows the help of what is above it, and again, and again.
  assert.ok(
    help.out.startsWith(`Usage: ${['ctk', ...path].join(' ')} `),
    `ctk ${path.join(' ')} has no help of its own`,
  );
  const listed = help.out.split('Commands:')[1]?.matchAll(/^ {2}([\w-]+)/gm) ?? [];
  const found = [{ path, help }];
  for (const [, name = ''] of listed) if (name !== 'help') found.push(...(await commands([...path, name])));
  return found;
}

test('ctk --help lists every command, and each of them has a --help of its own, without any configuration', async () => {
  const found = await commands();
  const names = found.map(({ path }) => path.join(' '));
  const promised = [
    'serve',
    'sync',
    'check',
    'config',
    'subscriptions plan',
    'subscriptions apply',
    'subscriptions remove',
  ];
  for (const name of promised) assert.ok(names.includes(name), name);
  for (const { help } of found) {
    assert.deepEqual([help.code, help.err], [0, '']);
    const [, description = ''] = help.out.split('\n\n');
    assert.match(description, /\w{3,}/);
  }
});

test('ctk sync --help names the resources and every option', async () => {
  const { out } = await ctk(['sync', '--help']);
  for (const word of ['customers', 'orders', 'categories', 'products', '--ids', '--start-id', '--delete-all'])
    assert.ok(out.includes(word), word);
});

test('ctk --version prints the version of the package', async () => {
  const { code, out } = await ctk(['--version']);
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});

for (const [args, said] of [
  [['synk'], /unknown command 'synk'\n\(Did you mean sync\?\)/],
  [['sync'], /missing required argument 'resource'/],
  [['sync', 'orders', '--idz', 'a'], /unknown option '--idz'\n\(Did you mean --ids\?\)/],
  [['sync', 'payments'], /there is no resource payments; take one of customers, orders, categories, products/],
] as const) {
  test(`ctk ${args.join(' ')}: says what is wrong and where to look, exit code 1`, async () => {
    const { code, out, err } = await ctk(args, environment());
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, said);
    assert.match(err, /ctk --help lists the commands/);
  });
}

test('ctk subscriptions plan without a destination names every one and the form to write it in', async () => {
  const { code, out, err } = await ctk(['subscriptions', 'plan'], environment());
  assert.deepEqual([code, out], [1, '']);
  for (const option of ['--pubsub: projects/', '--sqs: https://', '--sns: arn:', '--kafka: '])
    assert.ok(err.includes(option), option);
});
