// The command that checks a record of requests, for either API: counts by operation, failures by place. Values are never
// printed.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pc from 'picocolors';

const maxShown = 20;

/** The operation of a recorded request, and what is wrong with it: a line for each failure. */
export type CheckedRequest = { operation: string; failures: string[] };

type Tally = { requests: number; failed: number; failures: Map<string, number> };

export type RecordCheck<Spec> = {
  /** Where the OpenAPI file is looked for. */
  specPath: string;
  /** Reads the file; undefined if there is none. */
  load(): Spec | undefined;
  /** Returns the check of one line of the record, parsed from JSON. */
  checkOf(spec: Spec): (line: unknown) => CheckedRequest;
};

async function tallyRecord(file: string, check: (line: unknown) => CheckedRequest): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    const { operation, failures } = check(JSON.parse(text));
    const tally = tallies.get(operation) ?? { requests: 0, failed: 0, failures: new Map<string, number>() };
    tallies.set(operation, tally);
    tally.requests += 1;
    if (failures.length > 0) tally.failed += 1;
    // A bulk body with a hundred bad records has one mistake, so indices are folded.
    for (const failure of new Set(failures.map((each) => each.replaceAll(/\/\d+(?=\/|:)/g, '/…')))) {
      tally.failures.set(failure, (tally.failures.get(failure) ?? 0) + 1);
    }
  }
  return tallies;
}

function print(tallies: Map<string, Tally>): boolean {
  const rows = [...tallies].sort(([a], [b]) => a.localeCompare(b));
  const width = Math.max(9, ...rows.map(([operation]) => operation.length));
  console.log(pc.dim(`${'operation'.padEnd(width)}  requests  failed`));
  for (const [operation, { requests, failed }] of rows) {
    const counts = `${String(requests).padStart(8)}  ${String(failed).padStart(6)}`;
    console.log(`${operation.padEnd(width)}  ${failed > 0 ? pc.red(counts) : counts}`);
  }
  for (const [operation, { failures }] of rows) {
    if (failures.size === 0) continue;
    console.log(`\n${pc.bold(operation)}`);
    for (const [failure, count] of [...failures].slice(0, maxShown)) console.log(`  ${count} × ${failure}`);
    if (failures.size > maxShown) console.log(`  … and ${failures.size - maxShown} more`);
  }
  return rows.every(([, { failed }]) => failed === 0);
}

/** Runs the command `RECORD.jsonl [--require]`. @returns the exit code */
export async function checkRecord<Spec>({ specPath, load, checkOf }: RecordCheck<Spec>): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { require: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (file === undefined || !existsSync(file)) {
    console.error(
      file === undefined ? 'Which record? Usage: RECORD.jsonl [--require]' : `There is no record at ${file}`,
    );
    return 2;
  }
  const spec = load();
  if (spec === undefined) {
    console.log(pc.yellow(`not checked: no OpenAPI file at ${specPath}`));
    return values.require ? 1 : 0;
  }
  const tallies = await tallyRecord(file, checkOf(spec));
  const passed = print(tallies);
  const total = [...tallies.values()].reduce((sum, { requests }) => sum + requests, 0);
  console.log(`\n${passed ? pc.green('ok') : pc.red('failed')}: ${total} requests held against ${specPath}`);
  // A record without a single request proves nothing.
  return passed && (total > 0 || !values.require) ? 0 : 1;
}
