/** Every command that the README and the docs tell somebody to type is known here, and is typed: by a test or by .ci/run. */
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newCustomer, type OrderShop, startOrderShop } from './mapping/order-fixture.ts';
import { type Ended, startProgram } from './program.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

interface Command {
  page: string;
  /** As it is written, continued lines joined, without its comment. */
  line: string;
}

/** The lines of every sh block. */
function commandsOf(page: string): Command[] {
  const blocks = readFileSync(`${root}${page}`, 'utf8').matchAll(/^```(?:sh|bash|shell|console)\n([\s\S]*?)^```/gm);
  return [...blocks].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== '')
      .map((line) => ({ page, line: line.replace(/\s+/g, ' ') })),
  );
}

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
  shop.testEnv.shop.pubsub.bind('projects/my-project/topics/commercetools', {
    pushEndpoint: `${shop.testEnv.service}/`,
  });
  await shop.addRecords(newCustomer());
});
after(() => shop.stop());

/** Types it, with the environment of a shop. */
function type(line: string, env: Record<string, string> = {}) {
  const [program = '', ...args] = line.split(' ');
  return startProgram(program, args, { ...shop.testEnv.env, ...env });
}

type Typed = (line: string) => Promise<void>;

const prints =
  (pattern: RegExp): Typed =>
  async (line) => {
    const { code, out, err } = await type(line).ended;
    assert.equal(code, 0, `${out}\n${err}`);
    assert.match(out, pattern);
  };

/** For what runs until Ctrl-C. */
const runsUntilStopped =
  (pattern: RegExp): Typed =>
  async (line) => {
    const running = type(line);
    await running.printed(pattern);
    running.signal('SIGINT');
    const { out, err }: Ended = await running.ended;
    assert.doesNotMatch(`${out}${err}`, /^\s+at .*:\d+/m);
  };

/** Who types a command: a test here, or .ci/run, whose line has to hold it. */
const typed: Record<string, Typed | '.ci/run'> = {
  'npm run bench -- --quick': '.ci/run',
  'npm run chaos -- --short': '.ci/run',
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm run test:browser': '.ci/run',
  'npm run test:deploy': '.ci/run',
  'npm run check': '.ci/run',
  'npm run sandbox -- --once': '.ci/run',
  // The same with a shop that is quickly there.
  'npm run sandbox': (line) =>
    runsUntilStopped(/Live activity\n.*\d\d:\d\d:\d\d .+→/s)(
      `${line} -- --customers 1 --orders 1 --products 1 --limits none --pause 10`,
    ),
  'npm start': runsUntilStopped(/"msg":"started"/),
  'npm run ctk -- check': async (line) => {
    // Nothing delivers messages yet, which is a problem of its own.
    const { code, out } = await type(line).ended;
    assert.equal(code, 1);
    assert.match(out, /^ok +commercetools client: project shop$/m);
    assert.match(out, /^Not ready: one problem,/m);
    // What it tells to type can be typed here.
    assert.match(out, /npm run ctk -- check --fix with a destination/);
  },
  'npm run ctk -- config': prints(/"extension": "\(none\)"/),
  'npm run ctk -- dead-letters list': prints(/^$/m),
  // With a file where the page says one.
  'npm run ctk -- migrate-check old.env': async (line) => {
    const folder = mkdtempSync(join(tmpdir(), 'ctk-old-'));
    writeFileSync(
      join(folder, 'old.env'),
      Object.entries(shop.testEnv.env)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(''),
    );
    await prints(/The service starts with it/)(line.replace('old.env', join(folder, 'old.env')));
    rmSync(folder, { recursive: true });
  },
  'npm run ctk -- sync customers': prints(/^customers: completed, 1 of 1 read, 1 delivered/m),
  'npm run ctk -- sync customers --since last': async (line) => {
    await shop.testEnv.sync('customers');
    await prints(/^customers: completed, \d+ read/m)(line);
  },
  'npm run ctk -- subscriptions plan --pubsub projects/my-project/topics/commercetools':
    prints(/^\+ create ctk-default-order: /m),
};

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })];
const commands = pages.flatMap(commandsOf);

test('commands are found', () => {
  assert.ok(commands.some(({ line }) => line === 'npm run sandbox'));
});

test('every command in the docs has a test (add it to the table of test/readme.test.ts)', () => {
  const unknown = commands.filter(({ line }) => !Object.hasOwn(typed, line));
  assert.deepEqual(
    unknown.map(({ page, line }) => `${page}: ${line}`),
    [],
  );
});

describe('the commands of the README work', () => {
  const ci = readFileSync(`${root}.ci/run`, 'utf8').split('\n');

  for (const line of new Set(commands.map((command) => command.line))) {
    const how = Object.hasOwn(typed, line) ? typed[line] : undefined;
    if (how === '.ci/run') {
      test(`${line} (in .ci/run)`, () => {
        assert.ok(
          ci.some((own) => own === line || own.endsWith(` ${line}`)),
          `.ci/run has no line ${line}`,
        );
      });
    } else if (how) test(line, () => how(line));
  }
});
