/** Lists the effective variables and settings with their sources, with secrets as `***`. */
import { z } from 'zod';
import { redactUrls } from '../lib/redact-url.ts';
import { variables } from './env/environment.ts';
import type { Variable } from './env/sources.ts';
import { type SettingRow, type Settings, settingRows } from './settings/settings.ts';
import type { ReadSettings } from './settings/settings-files.ts';

export interface EffectiveSetting {
  kind: 'variable' | 'setting';
  name: string;
  value: string;
  /** Source of the value: the environment, a file, or the default. */
  from: string;
  description: string;
}

export interface ConfigInputs {
  env: Record<string, string | undefined>;
  normalized: Record<string, string>;
  settings: Settings;
  layers: ReadSettings['layers'];
}

export function effectiveConfig({ env, normalized, settings, layers }: ConfigInputs): EffectiveSetting[] {
  const variableRow = (variable: Variable): EffectiveSetting => {
    const { name, description } = variable;
    const value = normalized[name];
    const from = value === undefined ? 'default' : env[name] ? 'environment' : 'environment (another name)';
    return { kind: 'variable', name, value: displayValue(variable, value), from, description };
  };
  const settingRow = ({ path, description }: SettingRow): EffectiveSetting => {
    const keys = path.split('.');
    const source = layers.findLast(({ known }) => at(known, keys) !== undefined)?.source;
    const value = JSON.stringify(redactTexts(at(settings, keys))) ?? '(not set)';
    return { kind: 'setting', name: path, value, from: source ?? 'default', description };
  };
  return [...variables.map(variableRow), ...settingRows().map(settingRow)];
}

/** @param value undefined if the variable is not set */
export function displayValue({ name, secret, default: fallback }: Variable, value: string | undefined): string {
  if (value === undefined) return fallback === undefined ? '(not set)' : `(${fallback})`;
  if (secret) return '***';
  // It may hold secrets under unknown names. Its known settings are listed separately.
  if (name === 'NODE_CONFIG') return '(set: see settings)';
  return redactUrls(value);
}

/** @returns the same value; URLs in its texts without what may be a secret */
export function redactTexts(value: unknown): unknown {
  if (typeof value === 'string') return redactUrls(value);
  if (Array.isArray(value)) return value.map(redactTexts);
  const record = object.safeParse(value);
  if (!record.success) return value;
  return Object.fromEntries(Object.entries(record.data).map(([name, inner]) => [name, redactTexts(inner)]));
}

const object = z.record(z.string(), z.unknown());

function at(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  const record = object.safeParse(value);
  return record.success ? at(record.data[name], rest) : undefined;
}
