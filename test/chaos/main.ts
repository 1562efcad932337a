/** `npm run chaos`: kills, faults and disorder by seed; says which seeds failed and how, and ends with 1 if any did. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAbuse } from './abuse.ts';
import { runKills } from './kills.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { type Outcome, runSeed } from './seed.ts';
import { type Choice, type Mode, modes, pairwiseChoices, runVariant, singleChoices } from './variants.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    /** The first seed. */
    from: { type: 'string', default: '1' },
    /** One seed again. */
    seed: { type: 'string' },
    /** In place of what the seed says. */
    replicas: { type: 'string' },
    /** Begins no seed after so many. */
    minutes: { type: 'string' },
    /** A folder for what the replicas of a failing seed logged. */
    logs: { type: 'string' },
    /** A bulk run of orders, killed so many times, instead of seeds. */
    kills: { type: 'string' },
    orders: { type: 'string', default: '20000' },
    /** Every variant of what is not known about both APIs, alone and in pairs, instead of seeds. */
    variants: { type: 'boolean', default: false },
    /** Ten minutes of mixed abuse beside valid messages, instead of seeds. */
    abuse: { type: 'boolean', default: false },
    /** What CI has time for. */
    short: { type: 'boolean', default: false },
  },
});

/** Two processors have enough to do with two seeds; variants wait most of the time. */
const concurrency = 2;
const variantConcurrency = values.variants ? 2 : 4;
const maxShown = 15;
/** Log lines of the replicas that are printed for a seed that failed. */
const maxLogLines = 60;
const shortSeeds = [3, 5, 9, 14];
const shortKills = { seed: 1, kills: 3, orders: 1_000 };
const abuseSeconds = Number(values.minutes ?? 10) * 60;
const shortAbuseSeconds = 20;
const { replicas } = values;

function seeds(): number[] {
  if (values.seed !== undefined) return [Number(values.seed)];
  if (values.short) return shortSeeds;
  return Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.from) + index);
}

function line(schedule: Schedule, outcome: Outcome, tookMs: number): string {
  const { problems, messages, pushes, deadLetters, events, healed, restored } = outcome;
  const word = problems.length === 0 ? 'ok    ' : 'FAILED';
  const about = `${schedule.replicas} replica(s), repeats ${schedule.repeatedUniqueId}`;
  const counts = `${messages} messages in ${pushes} pushes, ${events} events, ${deadLetters} dead letters replayed`;
  const seconds = `${(tookMs / 1_000).toFixed(1)} s`;
  const gap = `${healed ? ', put right by a sync' : ''}${restored > 0 ? `, ${restored} deleted came back` : ''}`;
  return `${word} seed ${schedule.seed}: ${about}; ${counts}${gap}; ${seconds}`;
}

/** @returns whether it passed */
async function runOne(seed: number): Promise<boolean> {
  const many = replicas === undefined ? undefined : replicas === '3' ? 3 : 1;
  const schedule = scheduleOf(seed, many);
  const began = performance.now();
  const outcome = await runSeed(schedule).catch((thrown: unknown): Outcome => {
    const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { problems: [why], messages: 0, pushes: 0, deadLetters: 0, events: 0, healed: false, restored: 0, logs: [] };
  });
  console.log(line(schedule, outcome, performance.now() - began));
  if (outcome.problems.length === 0) return true;
  for (const problem of outcome.problems.slice(0, maxShown)) console.log(`  - ${problem}`);
  console.log(
    `  again with: npm run chaos -- --seed ${seed}${replicas === undefined ? '' : ` --replicas ${replicas}`}`,
  );
  console.log(`  ${JSON.stringify(schedule)}`);
  for (const logged of outcome.logs.slice(-maxLogLines)) console.log(`  ${logged}`);
  if (values.logs !== undefined) writeFileSync(join(values.logs, `seed-${seed}.log`), `${outcome.logs.join('\n')}\n`);
  return false;
}

/** @returns whether all passed */
async function runSeeds(): Promise<boolean> {
  const until = performance.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const waiting = seeds();
  const results: boolean[] = [];
  const work = async () => {
    for (let seed = waiting.shift(); seed !== undefined && performance.now() < until; seed = waiting.shift())
      results.push(await runOne(seed));
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const failed = results.filter((ok) => !ok).length;
  console.log(`${results.length} seeds, ${failed} failed`);
  return failed === 0;
}

/** @returns whether it passed */
async function runOneKills(options: { seed: number; kills: number; orders: number }): Promise<boolean> {
  const { problems, kills, events, repeats, maxRepeats } = await runKills(options);
  const word = problems.length === 0 ? 'ok    ' : 'FAILED';
  const counts = `${events} events of ${options.orders} orders, ${repeats} sent again (${maxRepeats} at most)`;
  console.log(`${word} ${kills} kills of one run (seed ${options.seed}): ${counts}`);
  for (const problem of problems.slice(0, maxShown)) console.log(`  - ${problem}`);
  return problems.length === 0;
}

/** @returns whether it passed */
async function runOneAbuse(seconds: number): Promise<boolean> {
  const { problems, messages, refused, p95Ms, memory, answers } = await runAbuse(seconds);
  const word = problems.length === 0 ? 'ok    ' : 'FAILED';
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  console.log(`${word} ${seconds} s of abuse beside ${messages} messages, refused and sent again ${refused} times`);
  console.log(`  95 % were accepted within ${(p95Ms / 1_000).toFixed(2)} s`);
  const { early, late, peak } = memory;
  console.log(
    `  memory: ${megabytes(early)} MB after a fifth, ${megabytes(late)} MB at the end, at most ${megabytes(peak)}`,
  );
  for (const [name, counts] of answers) {
    const shown = [...counts].map(([status, count]) => `${status === 0 ? 'no answer' : status} ${count} times`);
    console.log(`  ${name}: ${shown.join(', ')}`);
  }
  for (const problem of problems.slice(0, maxShown)) console.log(`  - ${problem}`);
  return problems.length === 0;
}

interface VariantCase {
  choice: Choice;
  mode: Mode;
}

/** @returns whether it passed */
async function runOneVariant({ choice, mode }: VariantCase): Promise<boolean> {
  const began = performance.now();
  const problems = await runVariant(choice, mode).catch((thrown: unknown) => [
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  ]);
  const word = problems.length === 0 ? 'ok    ' : 'FAILED';
  const seconds = `${((performance.now() - began) / 1_000).toFixed(1)} s`;
  const chosen = Object.entries(choice).map(([name, variant]) => `${name}=${variant}`);
  console.log(`${word} ${mode}: ${chosen.join(' ')}; ${seconds}`);
  for (const problem of problems.slice(0, maxShown)) console.log(`  - ${problem.slice(0, 600)}`);
  return problems.length === 0;
}

/** @returns whether all passed */
async function runVariants(cases: VariantCase[]): Promise<boolean> {
  const results: boolean[] = [];
  const waiting = [...cases];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await runOneVariant(next));
  };
  await Promise.all(Array.from({ length: variantConcurrency }, work));
  const failed = results.filter((ok) => !ok).length;
  console.log(`${results.length} variants, ${failed} failed`);
  return failed === 0;
}

function variantCases(): VariantCase[] {
  if (values.short) return singleChoices().map((choice) => ({ choice, mode: 'bulk twice' }));
  return [...singleChoices(), ...pairwiseChoices()].flatMap((choice) => modes.map((mode) => ({ choice, mode })));
}

const results: boolean[] = [];
if (values.abuse) results.push(await runOneAbuse(values.short ? shortAbuseSeconds : abuseSeconds));
else if (values.variants || values.short) results.push(await runVariants(variantCases()));
if (values.variants || values.abuse) {
  // Nothing else was asked for.
} else if (values.kills === undefined) results.push(await runSeeds());
else
  results.push(
    await runOneKills({ seed: Number(values.seed ?? 1), kills: Number(values.kills), orders: Number(values.orders) }),
  );
if (values.short && !values.abuse) results.push(await runOneKills(shortKills));
process.exitCode = results.every(Boolean) ? 0 : 1;
