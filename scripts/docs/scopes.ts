/** Generates the table of a Klaviyo key's scopes in docs/configuration.md. `npm run docs` writes it there. */
import { recommendedScopes, requiredScopes, scopePurposes } from '../../src/klaviyo/api/scopes.ts';

/** Lines of docs/configuration.md around the table. */
export const scopesMarkers = { begin: '<!-- scopes:begin -->', end: '<!-- scopes:end -->' } as const;

/** Returns the table in Markdown. */
export function scopesTable(): string {
  const row = (needed: string) => (scope: (typeof requiredScopes)[number]) =>
    `| \`${scope}\` | ${needed} | ${scopePurposes[scope] ?? ''} |`;
  return [
    '| Scope | Needed | For |',
    '|---|---|---|',
    ...requiredScopes.map(row('yes')),
    ...recommendedScopes.map(row('recommended')),
  ].join('\n');
}
