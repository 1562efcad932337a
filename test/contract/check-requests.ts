// Holds every request body that a run sent to the sandbox against Klaviyo's own OpenAPI file, independently of the
// sandbox's schemas: `node test/contract/check-requests.ts RECORD.jsonl [--require]`. Values are never printed.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { z } from 'zod';
import { loadOpenApi, openApiPath, operationOf, type Spec } from './openapi.ts';
import { createChecks } from './validation.ts';

const maxShown = 20;

const line = z.object({ method: z.string(), path: z.string(), operation: z.string(), body: z.unknown() });

type Tally = { requests: number; failed: number; failures: Map<string, number> };

/** Checks a record file; the tallies are by operation. */
export async function checkRecord(file: string, spec: Spec): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  const checkOf = createChecks();
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    const { method, path, operation, body } = line.parse(JSON.parse(text));
    const found = operationOf(spec, method, path);
    const tally = tallies.get(operation) ?? { requests: 0, failed: 0, failures: new Map<string, number>() };
    tallies.set(operation, tally);
    tally.requests += 1;
    const failures = failuresOf();
    if (failures.length > 0) tally.failed += 1;
    // A bulk body with a hundred bad records has one mistake, so indices are folded.
    for (const failure of new Set(failures.map((each) => each.replaceAll(/\/\d+(?=\/|:)/g, '/…')))) {
      tally.failures.set(failure, (tally.failures.get(failure) ?? 0) + 1);
    }

    function failuresOf(): string[] {
      if (found === undefined) return [`${method} ${path.replace(/[^/]+$/, '…')}: not an operation of the API`];
      if (found.id !== operation) return [`the sandbox took it for ${operation}, the API calls it ${found.id}`];
      if (found.requestBody === undefined) return body === null ? [] : ['/: the operation takes no body'];
      return checkOf(found.id, found.requestBody)(body);
    }
  }
  return tallies;
}

function print(tallies: Map<string, Tally>): boolean {
  const shop = [...tallies].sort(([a], [b]) => a.localeCompare(b));
  const width = Math.max(9, ...shop.map(([operation]) => operation.length));
  console.log(pc.dim(`${'operation'.padEnd(width)}  requests  failed`));
  for (const [operation, { requests, failed }] of shop) {
    const counts = `${String(requests).padStart(8)}  ${String(failed).padStart(6)}`;
    console.log(`${operation.padEnd(width)}  ${failed > 0 ? pc.red(counts) : counts}`);
  }
  for (const [operation, { failures }] of shop) {
    if (failures.size === 0) continue;
    console.log(`\n${pc.bold(operation)}`);
    for (const [failure, count] of [...failures].slice(0, maxShown)) console.log(`  ${count} × ${failure}`);
    if (failures.size > maxShown) console.log(`  … and ${failures.size - maxShown} more`);
  }
  return shop.every(([, { failed }]) => failed === 0);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { require: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (file === undefined || !existsSync(file)) {
    console.error(
      file === undefined ? 'Which record? check-requests.ts RECORD.jsonl [--require]' : `There is no record at ${file}`,
    );
    return 2;
  }
  const spec = loadOpenApi();
  if (spec === undefined) {
    console.log(pc.yellow(`not checked: no OpenAPI file at ${openApiPath()}`));
    return values.require ? 1 : 0;
  }
  const tallies = await checkRecord(file, spec);
  const passed = print(tallies);
  const total = [...tallies.values()].reduce((sum, { requests }) => sum + requests, 0);
  console.log(`\n${passed ? pc.green('ok') : pc.red('failed')}: ${total} request bodies held against ${spec.path}`);
  // A record without a single request proves nothing.
  return passed && (total > 0 || !values.require) ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
