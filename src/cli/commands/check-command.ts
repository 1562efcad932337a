/** `ctk check`: its options, and what it prints. */
import type { Command } from 'commander';
import { version } from '../../app/components.ts';
import { lineOf } from '../check/finding.ts';
import type { Ran, Terminal } from '../output/terminal.ts';
import { withApp } from '../with-services.ts';
import { check } from './check.ts';

export function addCheck(program: Command, terminal: Terminal, ran: Ran): void {
  program
    .command('check')
    .description(
      'look at both keys and their scopes, clocks, subscriptions, metrics, catalogue and settings; exit code 1 on a problem',
    )
    .option('--json', 'what was found as JSON')
    .action(async ({ json }: { json?: true }) => {
      const findings = await withApp(({ commercetools, klaviyo }, config) =>
        check({ config, commercetools, klaviyo, version }),
      );
      const ok = findings.every(({ state }) => state !== 'problem');
      if (json) terminal.json({ ok, findings });
      else for (const finding of findings) terminal.line(lineOf(finding, terminal));
      ran.code = ok ? 0 : 1;
    });
}
