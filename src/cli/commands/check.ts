/** `ctk check`: a doctor. Looks at both APIs, the subscriptions, the settings and this machine; changes nothing. */
import type { Command } from 'commander';
import { version } from '../../app/version.ts';
import { checkCatalogue } from '../check/catalogue.ts';
import { checkCommercetools } from '../check/commercetools.ts';
import { type CheckParts, type Finding, lineOf, ok } from '../check/finding.ts';
import { checkKlaviyo, checkMappedMetrics } from '../check/klaviyo.ts';
import { checkClocks, checkVersions } from '../check/machine.ts';
import { checkSettings } from '../check/settings.ts';
import { checkSubscriptions } from '../check/subscriptions.ts';
import type { Ran, Terminal } from '../output/terminal.ts';
import { withComponents } from '../with-services.ts';

export function addCheck(program: Command, terminal: Terminal, ran: Ran): void {
  program
    .command('check')
    .description(
      'look at both keys and their scopes, clocks, subscriptions, metrics, catalogue and settings; exit code 1 on a problem',
    )
    .option('--json', 'what was found as JSON')
    .action(async ({ json }: { json?: true }) => {
      const findings = await withComponents(({ commercetools, klaviyo }, config) =>
        check({ config, commercetools, klaviyo, version }),
      );
      const ok = findings.every(({ state }) => state !== 'problem');
      if (json) terminal.json({ ok, findings });
      else for (const finding of findings) terminal.line(lineOf(finding, terminal));
      ran.code = ok ? 0 : 1;
    });
}

/** @returns everything that was looked at, in the order in which it is read */
async function check(parts: CheckParts): Promise<Finding[]> {
  const [clocks, access] = await Promise.all([checkClocks(parts), checkAccess(parts)]);
  const { findings, reads, writes } = access;
  const subscriptions = reads ? await checkSubscriptions(parts) : [];
  const metrics = writes ? await checkMappedMetrics(parts) : [];
  const catalogue = reads && writes ? await checkCatalogue(parts) : [];
  return [
    ...checkVersions(parts),
    ...clocks,
    ...findings,
    ...subscriptions,
    ...metrics,
    ...catalogue,
    ...checkSettings(parts.config),
    ...checkExtension(parts.config),
  ];
}

/** The merchant's own file: that it loads is known by now. */
function checkExtension({ extension }: CheckParts['config']): Finding[] {
  if (!extension) return [];
  const { file, hooks, rules } = extension;
  return [ok(file, `hooks ${hooks.join(', ') || 'none'}; rules ${rules.join(', ') || 'none'}`)];
}

/** Only the two keys and their scopes. */
export async function checkAccess(
  parts: CheckParts,
): Promise<{ findings: Finding[]; reads: boolean; writes: boolean }> {
  const [commercetools, klaviyo] = await Promise.all([checkCommercetools(parts), checkKlaviyo(parts)]);
  const findings = [...commercetools.findings, ...klaviyo.findings];
  return { findings, reads: commercetools.usable, writes: klaviyo.usable };
}
