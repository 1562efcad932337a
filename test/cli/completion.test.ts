/** What a shell offers when somebody presses TAB behind `ctk`, asked of the shells themselves. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { folder } from '../fixtures/environment.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
const isThere = (shell: string) => spawnSync(shell, ['--version']).status === 0;

const scripts = new Map<string, string>();
before(async () => {
  for (const shell of shells) {
    const { code, out, err } = await ctk(['completion', shell]);
    assert.deepEqual([code, err], [0, '']);
    scripts.set(shell, out);
  }
});

/** How each shell is asked: a script that prints the words offered for a line. */
const asking: Record<(typeof shells)[number], (path: string, line: string) => string> = {
  bash: (path, line) => {
    const words = line.split(' ').map((word) => `'${word}'`);
    return `source ${path}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _ctk; printf '%s\\n' "\${COMPREPLY[@]}"`;
  },
  // What is offered, instead of the list on the screen.
  zsh: (path, line) => {
    const words = line.split(' ').map((word) => `'${word}'`);
    return `compdef() { : }; _describe() { print -l -- "\${(@)known%%:*}" }; source ${path}; words=(${words.join(' ')}); CURRENT=${words.length}; _ctk`;
  },
  fish: (path, line) => `source ${path}; complete -C '${line}' | string replace -r '\\t.*' ''`,
};

for (const shell of shells) {
  describe(shell, { skip: isThere(shell) ? false : `no ${shell} here` }, () => {
    const offered = (context: Parameters<typeof folder>[0], line: string): string[] => {
      const path = `${folder(context, {})}/ctk`;
      writeFileSync(path, scripts.get(shell) ?? '');
      const { stdout, stderr } = spawnSync(shell, ['-c', asking[shell](path, line)], { encoding: 'utf8' });
      assert.equal(stderr, '');
      return stdout.split('\n').filter((word) => word !== '');
    };

    test('offers the commands, those below a command, and the resources', (context) => {
      const commands = offered(context, 'ctk ');
      for (const name of ['serve', 'sync', 'runs', 'check', 'init']) assert.ok(commands.includes(name), name);
      const below = offered(context, 'ctk runs ');
      for (const name of ['list', 'show', 'stop']) assert.ok(below.includes(name), name);
      assert.ok(!below.includes('serve'));
      const resources = offered(context, 'ctk runs stop ');
      for (const name of ['customers', 'orders']) assert.ok(resources.includes(name), name);
    });

    test('offers the options of the command that is typed, wherever they stand', (context) => {
      assert.ok(offered(context, 'ctk sync orders --').includes('--start-id'));
      const options = offered(context, 'ctk sync orders --force --');
      assert.ok(options.includes('--json') && !options.includes('--rule'));
    });
  });
}

test('a shell that there is none for: the choices are said', async () => {
  const { code, out, err } = await ctk(['completion', 'tcsh']);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /Allowed choices are bash, zsh, fish/);
});
