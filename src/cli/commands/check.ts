/**
 * `ctk check`: validates both APIs, subscriptions, settings and this machine, without changing anything but with `--fix`.
 * With `--live` it verifies facts on test records instead.
 */
import type { Command } from 'commander';
import { version } from '../../app/version.ts';
import { destinationNames } from '../../commercetools/subscriptions/destinations.ts';
import { checkBackInStock } from '../check/back-in-stock.ts';
import { checkCatalogue } from '../check/catalogue.ts';
import { checkCommercetools } from '../check/commercetools.ts';
import { type CheckDeps, type Finding, findingLine, ok } from '../check/finding.ts';
import { checkKlaviyo } from '../check/klaviyo.ts';
import { checkLive, type LiveCommandOptions, lastLiveCheck } from '../check/live.ts';
import { checkClocks, checkVersions } from '../check/machine.ts';
import { checkMappedMetrics, fixMappedMetrics } from '../check/metric-mapping.ts';
import { checkOrderValue } from '../check/order-value.ts';
import { checkPredictions } from '../check/predictions.ts';
import { recentOrders } from '../check/recent-orders.ts';
import { checkRevision } from '../check/revision.ts';
import { checkSettings } from '../check/settings.ts';
import { checkShipments } from '../check/shipments.ts';
import { checkStock } from '../check/stock.ts';
import { checkSubscriptions } from '../check/subscriptions.ts';
import { canAsk } from '../output/confirmation.ts';
import { type ExitState, silent, type Terminal } from '../output/terminal.ts';
import { connectCommercetools, withComponents } from '../with-services.ts';
import { askConfirmation } from './init-questions.ts';
import { apply, type PlanOptions, plan, withDestination } from './subscriptions.ts';

type CheckOptions = LiveCommandOptions & { live?: true; fix?: true };

export function define(command: Command, terminal: Terminal, exitState: ExitState): void {
  withDestination(
    command
      .option('--live', 'verify on test records in your own accounts what only a call can verify (docs/live-check.md)')
      .option(
        '--yes',
        'with --live: create the test records without asking; with --fix: set the metric mapping without asking, also where another integration has it',
      )
      .option(
        '--fix',
        'create or update the subscriptions first, at the destination that is named; set the metric mapping',
      )
      .option('--json', 'what was found as JSON'),
    'destination of --fix, or of the test notification of --live: ',
  ).action(async ({ live, fix, json, ...options }: CheckOptions) => {
    if (live) {
      await checkLive({ ...options, ...(json ? { json } : {}) }, terminal, exitState);
      return;
    }
    const shown = json ? silent(terminal) : terminal;
    if (fix && destinationNames.some((kind) => options[kind] !== undefined)) await fixSubscriptions(options, shown);
    const findings = await withComponents(async ({ commercetools, klaviyo, apiFindings }, config) => {
      if (fix) await fixMetrics({ config, klaviyo }, options, shown);
      return [...(await check({ config, commercetools, klaviyo, version })), await lastLiveCheck(apiFindings)];
    });
    const ok = findings.every(({ state }) => state !== 'problem');
    if (json) terminal.json({ ok, findings });
    else
      for (const line of [...findings.map((each) => findingLine(each, terminal)), '', summaryOf(findings)])
        terminal.line(line);
    exitState.code = ok ? 0 : 1;
  });
}

async function fixSubscriptions(options: PlanOptions, terminal: Terminal): Promise<void> {
  const deps = { ...(await connectCommercetools()), terminal };
  await apply(deps, await plan(deps, options));
}

/** Without a terminal `--fix` itself is the confirmation. */
async function fixMetrics(
  deps: Pick<CheckDeps, 'config' | 'klaviyo'>,
  { yes }: Pick<CheckOptions, 'yes'>,
  terminal: Terminal,
): Promise<void> {
  const confirm = async () => yes === true || !canAsk(terminal) || askConfirmation('Set them?');
  await fixMappedMetrics(deps, { replaceOthers: yes === true, confirm }, terminal);
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length;
  const problems = count('problem');
  const counts = `${count('ok')} ok, ${count('warning')} to look at`;
  if (problems === 0) return `Ready: no problem, ${counts}.`;
  return `Not ready: ${problems === 1 ? 'one problem' : `${problems} problems`}, ${counts}.`;
}

async function check(deps: CheckDeps): Promise<Finding[]> {
  const [clocks, access] = await Promise.all([checkClocks(deps), checkAccess(deps)]);
  const { findings, reads, writes } = access;
  const subscriptions = reads ? await checkSubscriptions(deps) : [];
  const metrics = writes ? [...(await checkMappedMetrics(deps)), ...(await checkPredictions(deps))] : [];
  const now = new Date();
  const orders = reads ? await recentOrders(deps, now) : [];
  const values = writes ? await checkOrderValue(deps, orders, now) : [];
  const shipments = checkShipments(deps.config, orders);
  const stock = reads ? await checkStock(deps) : [];
  const backInStock = writes ? await checkBackInStock(deps) : [];
  const catalogue = reads && writes ? await checkCatalogue(deps) : [];
  return [
    ...checkVersions(deps),
    checkRevision(new Date()),
    ...clocks,
    ...findings,
    ...subscriptions,
    ...metrics,
    ...values,
    ...shipments,
    ...catalogue,
    ...stock,
    ...backInStock,
    ...checkSettings(deps.config),
    ...checkExtension(deps.config),
  ];
}

function checkExtension({ extension }: CheckDeps['config']): Finding[] {
  if (!extension) return [];
  const { file, hooks, rules } = extension;
  return [ok(file, `hooks ${hooks.join(', ') || 'none'}; rules ${rules.join(', ') || 'none'}`)];
}

export async function checkAccess(deps: CheckDeps): Promise<{ findings: Finding[]; reads: boolean; writes: boolean }> {
  const [commercetools, klaviyo] = await Promise.all([checkCommercetools(deps), checkKlaviyo(deps)]);
  const findings = [...commercetools.findings, ...klaviyo.findings];
  return { findings, reads: commercetools.usable, writes: klaviyo.usable };
}
