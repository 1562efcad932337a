/**
 * Prometheus' text format, read strictly, and promtool where it is installed (.ci/run brings it).
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Exposition {
  /** By name, those of histograms without _bucket, _sum and _count. */
  types: Map<string, string>;
  samples: Sample[];
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([Nn]a[Nn]|[+-]?Inf|[-+\d.eE]+)$/;
const labelPair = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;

/** @throws where a line is not what the format allows */
export function parseExposition(text: string): Exposition {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') {
      assert.ok(!types.has(name), `${name} is declared once`);
      assert.match(rest, /^(counter|gauge|histogram|summary|untyped)$/);
      types.set(name, rest);
    } else if (kind === undefined && line !== '') samples.push(sampleOf(line));
  }
  for (const { name } of samples) assert.ok(types.has(familyOf(name, types)), `${name} has a type`);
  return { types, samples };
}

function sampleOf(line: string): Sample {
  const [, name, inside = '', value] = sampleLine.exec(line) ?? [];
  assert.ok(name !== undefined && value !== undefined, `no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = inside; rest !== ''; ) {
    const [pair, label = '', said = ''] = labelPair.exec(rest) ?? [];
    assert.ok(pair !== undefined && !(label in labels), `no labels: ${line}`);
    labels[label] = said;
    rest = rest.slice(pair.length);
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  const family = name.replace(/_(bucket|sum|count)$/, '');
  return types.has(family) ? family : name;
}

const found = spawnSync('promtool', ['--version']).status === 0;

/** @returns false, or why promtool can't be asked */
export const noPromtool = found ? false : 'no promtool here: .ci/run installs it';

/** @returns what promtool complains of; undefined where it is content */
export function promtool(args: readonly string[], input = ''): string | undefined {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return status === 0 ? undefined : `${stdout}${stderr}`;
}
