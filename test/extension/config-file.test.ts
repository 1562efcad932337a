/** The file itself: where it is looked for, what is in force, and every mistake in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { environment, folder } from '../fixtures/environment.ts';
import { startProgram } from '../program.ts';
import { configFile } from './merchant.ts';

const shown = z.object({
  extension: z.union([
    z.string(),
    z.object({ file: z.string(), hooks: z.array(z.string()), rules: z.array(z.string()) }),
  ]),
});

const rule = (name: string) =>
  `{ name: '${name}', facts: 'order', triggers: ['DeliveryAdded'], map: () => ({ skip: 'x' }) }`;

test('ctk config names the file in force with its hooks and rules; without one nothing is changed', async (context) => {
  const file = configFile(context, `export default { hooks: { item: (item) => item }, rules: [${rule('my-rule')}] }`);
  const { out, err } = await ctk(['config'], environment({ CTK_CONFIG: file }));
  assert.deepEqual(shown.parse(JSON.parse(out)).extension, { file, hooks: ['item'], rules: ['my-rule'] });
  assert.equal(err, '');
  const without = await ctk(['config'], environment());
  assert.equal(shown.parse(JSON.parse(without.out)).extension, '(none)');
});

for (const name of ['ctk.config.ts', 'ctk.config.mts', 'ctk.config.js', 'ctk.config.mjs']) {
  test(`${name} in the working directory is found`, async (context) => {
    const cwd = folder(context, { [name]: `export default { rules: [${rule('found')}] }` });
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const { code, out } = await startProgram('env', ['-C', cwd, process.execPath, main, 'config'], environment()).ended;
    assert.equal(code, 0);
    assert.match(out, /"found"/);
  });
}

test('all errors are reported at once, with those of the environment, each with the fix', async (context) => {
  const file = configFile(
    context,
    `export default { rulez: [], hooks: { evnt: () => 1, profile: 'no' }, rules: [
      ${rule('placed-order')}, ${rule('Mine')}, ${rule('twice')}, ${rule('twice')},
      { name: 'a', facts: 'cart', triggers: [] },
      { name: 'b', facts: 'order', triggers: ['delivery added', { resource: 'cart', type: 'X' }], bulk: 'products', mpa: 1 },
      { name: 'c', facts: 'order', triggers: [], map: () => ({ skip: 'x' }) },
    ] }`,
  );
  const { code, err } = await ctk(['serve'], environment({ CTK_CONFIG: file, PORT: 'eighty' }));
  assert.equal(code, 1);
  for (const said of [
    /PORT/,
    /rulez is unknown; did you mean rules\?/,
    /hooks\.evnt is unknown; did you mean event\?/,
    /hooks\.profile must be a function/,
    /rules\[0\]\.name placed-order is a built-in rule's: take another name, or .* hook/,
    /rules\[1\]\.name must be in kebab-case/,
    /rules\[3\]\.name twice is taken by another one of your rules/,
    /rules\[4\]\.facts must be customer, order, product or category/,
    /rules\[5\]\.triggers\[0\] must be a message type such as DeliveryAdded/,
    /rules\[5\]\.triggers\[1\] must be .* resource order or payment/,
    /rules\[5\]\.bulk must be orders/,
    /rules\[5\]\.map must be a function/,
    /rules\[5\]\.mpa is unknown; did you mean map\?/,
    /rules\[6\] never runs/,
  ])
    assert.match(err, said);
});

for (const [what, code, said] of [
  ['is no TypeScript', 'export default {', /can't be loaded: SyntaxError/],
  ['throws', 'throw new Error("not today")', /can't be loaded: Error: not today/],
  ['awaits', 'await 1; export default {}', /awaits at its top level/],
  ['imports what is not installed', 'import "left-pad"', /can't be loaded: .*left-pad/],
  ['exports nothing', 'const config = {}', /has no default export/],
  ['exports a list', 'export default []', /must be object/],
] as const) {
  test(`a file that ${what} is rejected at start`, async (context) => {
    const { code: exit, err } = await ctk(['serve'], environment({ CTK_CONFIG: configFile(context, code) }));
    assert.equal(exit, 1);
    assert.match(err, said);
  });
}

test('a missing file in CTK_CONFIG is rejected', async () => {
  const { code, err } = await ctk(['config'], environment({ CTK_CONFIG: '/nowhere/ctk.config.ts' }));
  assert.equal(code, 1);
  assert.match(err, /CTK_CONFIG: there is no file \/nowhere\/ctk\.config\.ts/);
});
