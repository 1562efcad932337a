/** Licences of what production installs, as the lock file knows them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const licencesMarkers = { begin: '<!-- licences:begin -->', end: '<!-- licences:end -->' } as const;

const lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
});

/** Packages by licence; those for development are not counted. */
export function licences(): Map<string, string[]> {
  const { packages } = lock.parse(
    JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')),
  );
  const byLicence = new Map<string, string[]>();
  for (const [path, { version, license = 'unknown', dev }] of Object.entries(packages)) {
    if (dev || !path.startsWith('node_modules/')) continue;
    const name = path.split('node_modules/').at(-1);
    byLicence.set(license, [...(byLicence.get(license) ?? []), `${name} ${version}`]);
  }
  return new Map([...byLicence].sort(([left], [right]) => left.localeCompare(right)));
}

export function licencesTable(): string {
  const rows = [...licences()].map(([licence, names]) => `| ${licence} | ${[...new Set(names)].sort().join(', ')} |`);
  return ['| Licence | Packages |', '|---|---|', ...rows].join('\n');
}
