/**
 * `npm run bench`: measures syncs and real-time messages as counts and ratios. `--quick` runs a small version of each
 * scenario and exits with 1 if a count or ratio is out of bounds; `--only bulk-orders` runs one scenario; `--json FILE`
 * writes the results. `--against REV` compares start, idle memory and CPU with another revision, by turns.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Figures } from './measure.ts';
import { compareRevision } from './revision.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench -- [--quick] [--only ${Object.keys(scenarios).join('|')}] [--json FILE] [--against REV]`);
  process.exit(0);
}
if (values.against !== undefined) {
  await compareRevision(values.against, { rounds: values.quick ? 1 : 5, print: printFigures });
  process.exit(0);
}
const chosen = Object.entries(scenarios).filter(([name]) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(`--only ${values.only}: unknown scenario; expected one of ${Object.keys(scenarios).join(', ')}`);
  process.exit(1);
}
const noisyFigures = ['CPU ÷ floor', 'CPU ÷ bare imports'];
const results: Record<string, unknown> = {};
const violations: string[] = [];
for (const [name, { run, bounds }] of chosen) {
  const began = performance.now();
  const figures = await run(values.quick);
  for (const [title, row] of Object.entries(figures)) {
    results[title] = row;
    printFigures(`${title} (${Math.round((performance.now() - began) / 1_000)} s)`, row);
    for (const { figure, max, min } of bounds) {
      const value = row[figure];
      if (typeof value !== 'number') continue;
      // Short runs measure CPU inaccurately, so --quick allows twice the ratio.
      const slack = values.quick && noisyFigures.includes(figure) ? 2 : 1;
      if ((max !== undefined && value > max * slack) || (min !== undefined && value < min))
        violations.push(
          `${name}: ${title}: ${figure} is ${value}, ${max === undefined ? `at least ${min}` : `at most ${max}`} is required`,
        );
    }
  }
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
for (const line of violations) console.error(line);
process.exit(violations.length > 0 ? 1 : 0);

function printFigures(title: string, figures: Figures): void {
  console.log(`\n${title}`);
  for (const [figure, value] of Object.entries(figures)) console.log(`  ${figure.padEnd(28)} ${value}`);
}
