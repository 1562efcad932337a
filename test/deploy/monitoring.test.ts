/** The dashboard and the alert rules of deploy/monitoring, compared with the metrics that the service has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { definitions } from '../../src/telemetry/definitions.ts';
import { noPromtool, promtool } from '../telemetry/exposition.ts';
import { type Scrape, scrape } from '../telemetry/scrape.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const folder = fileURLToPath(new URL('../../deploy/monitoring/', import.meta.url));
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

const rules = z
  .object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })) })
  .parse(parse(read('alerts.yaml')))
  .groups.flatMap((group) => group.rules);
const panels = z
  .object({
    panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) })),
  })
  .parse(JSON.parse(read('grafana.json'))).panels;
const asked = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr }))),
];

const metricsIn = (expr: string) => [...expr.matchAll(/\b(?:ctk|nodejs|process)_\w+/g)].map(([name]) => name);
const labelsIn = (expr: string) => [
  ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(',').map((one) => one.trim())),
  ...[...expr.matchAll(/[{,]\s*(\w+)\s*(?:=~|=|!=|!~)/g)].map(([, label = '']) => label),
];

describe('dashboard and alerts', () => {
  let testEnv: TestEnv;
  let seen: Scrape;
  before(async () => {
    testEnv = await startTestEnv();
    seen = await scrape(testEnv.service);
  });
  after(() => testEnv.stop());

  test('ask only for metrics that the service has', () => {
    assert.ok(rules.length > 10 && panels.length > 20);
    for (const { where, expr } of asked) {
      const names = metricsIn(expr);
      assert.ok(names.length > 0, `${where} asks for nothing: ${expr}`);
      for (const name of names)
        assert.ok(
          seen.types.has(name) || seen.types.has(name.replace(/_(bucket|sum|count)$/, '')),
          `${where}: ${name}`,
        );
    }
  });

  test('ask only for labels that those metrics have', () => {
    for (const { where, expr } of asked) {
      const names = metricsIn(expr).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
      const known = definitions.filter(({ name }) => names.includes(name)).flatMap(({ labels }) => labels);
      for (const label of labelsIn(expr)) assert.ok([...known, 'le'].includes(label), `${where}: ${label}`);
    }
  });

  test('show every metric of ours somewhere', () => {
    const shown = new Set(asked.flatMap(({ expr }) => metricsIn(expr)));
    for (const { name, type } of definitions)
      assert.ok(shown.has(type === 'histogram' ? `${name}_bucket` : name), `${name} is on no panel and in no rule`);
  });

  test('every alert is in docs/monitoring.md with what to do', () => {
    const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    for (const { alert } of rules) assert.match(page, new RegExp(`^\\| .*\`${alert}\`.* \\| `, 'm'));
  });
});

test('promtool takes the rules, and their tests pass', { skip: noPromtool }, () => {
  assert.equal(promtool(['check', 'rules', `${folder}alerts.yaml`]), undefined);
  assert.equal(promtool(['test', 'rules', `${folder}alerts.test.yaml`]), undefined);
});
