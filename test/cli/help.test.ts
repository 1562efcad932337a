/** Help texts of `ctk`, and its errors for unknown commands, options and resources. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createTerminal } from '../../src/cli/output/terminal.ts';
import { createProgram } from '../../src/cli/program.ts';
import { environment } from '../fixtures/environment.ts';
import { sources } from '../imports.ts';
import { ctk } from './ctk.ts';

/** Every command with its path, subcommands included. */
function commandsBelow(command: Command, path: string[] = []): { path: string; command: Command }[] {
  const nested = command.commands.flatMap((child) => commandsBelow(child, [...path, child.name()]));
  return [{ path: path.join(' '), command }, ...nested];
}

test('every command has a help text with its usage and description', async () => {
  const commands = commandsBelow(await createProgram(createTerminal(), { code: 0 }));
  const paths = commands.map(({ path }) => path);
  for (const expected of ['serve', 'sync', 'check', 'config', 'subscriptions plan', 'subscriptions apply'])
    assert.ok(paths.includes(expected), expected);
  for (const { path, command } of commands) {
    const [usage = '', description = ''] = command.helpInformation().split('\n\n');
    assert.ok(usage.startsWith(`Usage: ctk${path && ` ${path}`}`), usage);
    assert.match(description, /\w{3,}/, path);
  }
});

test('every command that a text of the product tells to type exists, with its options', async () => {
  const prose = /^ctk (in a|known|live check|dashboard session)/;
  const tree = commandsBelow(await createProgram(createTerminal(), { code: 0 }));
  const shown = sources().flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
    const found = code.matchAll(/(?<![\w./-])ctk ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?(?: [a-z]+)*((?: --[a-z-]+)*)/g);
    return [...found].map(([whole, first = '', second = '', options = '']) => ({
      path,
      whole,
      first,
      second,
      options,
    }));
  });
  assert.ok(shown.length > 30);
  for (const { path, whole, first, second, options } of shown.filter(({ whole }) => !prose.test(whole))) {
    const called = [`${first} ${second}`, first].flatMap((name) => tree.filter((each) => each.path === name))[0];
    assert.ok(called, `${path}: ${whole}`);
    const known = new Set(called.command.options.map(({ long }) => long));
    for (const option of options.split(' ').filter((text) => text !== ''))
      assert.ok(option === '--help' || known.has(option), `${path}: ${whole}`);
  }
});

test('ctk --help lists the commands, without any configuration', async () => {
  const { code, out, err } = await ctk(['--help']);
  assert.deepEqual([code, err], [0, '']);
  for (const command of (await createProgram(createTerminal(), { code: 0 })).commands)
    assert.match(out, new RegExp(`^ {2}${command.name()}\\b`, 'm'));
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
  test(`ctk ${args.join(' ')}: names the mistake and the help, exit code 1`, async () => {
    const { code, out, err } = await ctk(args, environment());
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, said);
    assert.match(err, /ctk --help lists the commands/);
  });
}

test('ctk subscriptions plan without a destination names every destination option and its format', async () => {
  const { code, out, err } = await ctk(['subscriptions', 'plan'], environment());
  assert.deepEqual([code, out], [1, '']);
  for (const option of ['--pubsub: projects/', '--sqs: https://', '--sns: arn:', '--kafka: '])
    assert.ok(err.includes(option), option);
});

test('the list of commands shows what it shows when every command is loaded', async () => {
  const terminal = createTerminal();
  const [listed, loaded] = [await createProgram(terminal, { code: 0 }, []), await createProgram(terminal, { code: 0 })];
  const textOf = (program: Command) => program.helpInformation().replaceAll(/\s+/g, ' ');
  assert.equal(textOf(listed), textOf(loaded));
});
