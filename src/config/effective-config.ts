/** What is in force, with where it comes from, to be shown to people: secrets are `***`. */
import { z } from 'zod';
import { variables } from './env/environment.ts';
import type { Variable } from './env/variable.ts';
import { type Settings, settingRows } from './settings/settings.ts';
import type { ReadSettings } from './settings/settings-files.ts';

export interface EffectiveSetting {
  kind: 'variable' | 'setting';
  /** Of a setting the dotted path. */
  name: string;
  value: string;
  /** The environment, a file, or the default. */
  from: string;
  description: string;
}

export interface Read {
  /** The environment, as it is and under the names that we know. */
  said: Record<string, string | undefined>;
  named: Record<string, string>;
  settings: Settings;
  told: ReadSettings['said'];
}

export function effectiveConfig({ said, named, settings, told }: Read): EffectiveSetting[] {
  const variable = (one: Variable): EffectiveSetting => {
    const value = named[one.name];
    const from = value === undefined ? 'default' : said[one.name] ? 'environment' : 'environment (another name)';
    const { name, description } = one;
    return { kind: 'variable', name, value: shownVariable(one, value), from, description };
  };
  const setting = ({ path, description }: ReturnType<typeof settingRows>[number]): EffectiveSetting => {
    const parts = path.split('.');
    const place = told.findLast(({ known }) => at(known, parts) !== undefined)?.place;
    const value = JSON.stringify(at(settings, parts)) ?? '(not set)';
    return { kind: 'setting', name: path, value, from: place ?? 'default', description };
  };
  return [...variables.map(variable), ...settingRows().map(setting)];
}

/** @param value undefined: not set */
export function shownVariable({ name, secret, default: fallback }: Variable, value: string | undefined): string {
  if (value === undefined) return fallback === undefined ? '(not set)' : `(${fallback})`;
  if (secret) return '***';
  // As a whole it may hold what nobody knows; what is known of it stands below.
  if (name === 'NODE_CONFIG') return '(set: see settings)';
  return value.replace(/\/\/[^/@]*@/, '//***@');
}

const object = z.record(z.string(), z.unknown());

function at(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  const inside = object.safeParse(value);
  return inside.success ? at(inside.data[name], rest) : undefined;
}
