/** `npm run chaos`: kills, faults and disorder by seed; says which seeds failed and how, and ends with 1 if any did. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Schedule, scheduleOf } from './schedule.ts';
import { type Outcome, runSeed } from './seed.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    replicas: { type: 'string' },
    minutes: { type: 'string' },
    /** A folder for what the replicas of a failing seed logged. */
    logs: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
});

const mostShown = 15;
/** Two processors have enough to do with two seeds. */
const sideBySide = 2;

function seeds(): number[] {
  if (values.seed !== undefined) return [Number(values.seed)];
  const first = Number(values.from);
  return Array.from({ length: Number(values.seeds) }, (_, index) => first + index);
}

function replicas(): 1 | 3 | undefined {
  if (values.replicas === undefined) return undefined;
  return values.replicas === '3' ? 3 : 1;
}

function line(schedule: Schedule, outcome: Outcome, tookMs: number): string {
  const { seed, replicas, repeatedUniqueId } = schedule;
  const { problems, messages, pushes, letters, events } = outcome;
  const word = problems.length === 0 ? 'ok    ' : 'FAILED';
  const about = `${replicas} replica(s), repeats ${repeatedUniqueId}`;
  const counts = `${messages} messages in ${pushes} pushes, ${events} events, ${letters} dead letters replayed`;
  return `${word} seed ${seed}: ${about}; ${counts}; ${(tookMs / 1_000).toFixed(1)} s`;
}

async function runOne(seed: number): Promise<boolean> {
  const schedule = scheduleOf(seed, replicas());
  const began = performance.now();
  const outcome = await runSeed(schedule).catch((thrown: unknown): Outcome => {
    const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { problems: [why], messages: 0, pushes: 0, letters: 0, events: 0, logs: [] };
  });
  console.log(line(schedule, outcome, performance.now() - began));
  if (outcome.problems.length === 0) return true;
  for (const problem of outcome.problems.slice(0, mostShown)) console.log(`  - ${problem}`);
  console.log(
    `  again with: npm run chaos -- --seed ${seed}${values.replicas ? ` --replicas ${values.replicas}` : ''}`,
  );
  console.log(`  ${JSON.stringify(schedule)}`);
  if (values.logs !== undefined) writeFileSync(join(values.logs, `seed-${seed}.log`), `${outcome.logs.join('\n')}\n`);
  return false;
}

const until =
  values.minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + Number(values.minutes) * 60_000;
const waiting = seeds();
const results: boolean[] = [];

async function work(): Promise<void> {
  for (let seed = waiting.shift(); seed !== undefined && performance.now() < until; seed = waiting.shift())
    results.push(await runOne(seed));
}

await Promise.all(Array.from({ length: sideBySide }, work));
const failed = results.filter((ok) => !ok).length;
console.log(`${results.length} seeds, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
