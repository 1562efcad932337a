/**
 * Every variant of what is not known about both APIs, alone and in pairs: nothing is lost, nothing is there twice, and no
 * history triggers a flow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import { commercetoolsVariants } from '../../sandbox/commercetools/behaviours.ts';
import { klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import { createShopper } from '../../sandbox/shop/actors/shopper.ts';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import { connectWithoutFaults, syncAll } from './actions.ts';
import { allowedDifferences } from './allowed-differences.ts';
import { runBaseline } from './baseline.ts';
import { type ChaosEnv, startChaosEnv } from './chaos-env.ts';
import { deadLettersIn, unexplainedDeadLetters } from './dead-letters.ts';
import { type Behaviours, quietScheduleOf } from './schedule.ts';
import { runProblems, runSeed } from './seed.ts';
import { differencesOf, stateOf } from './state.ts';
import { waitUntilIdle } from './wait-until-idle.ts';

export const modes = ['bulk twice', 'realtime', 'kill'] as const;
export type Mode = (typeof modes)[number];

/** By switch: which variant it has. */
export type Choice = Record<string, unknown>;

interface Switch {
  name: string;
  variants: readonly unknown[];
}

const switches: readonly Switch[] = [
  ...Object.entries(klaviyoVariants).map(([name, variants]) => ({ name: `klaviyo.${name}`, variants })),
  { name: 'klaviyo.lagMs', variants: [0, 300] },
  ...Object.entries(commercetoolsVariants).map(([name, variants]) => ({ name: `commercetools.${name}`, variants })),
];

const timeoutMs = 90_000;
const seed = 1;
/** Orders and customers that come between two syncs. */
const shopActions = 12;
const kills = 3;

/** Each variant that is not a default, alone. */
export function singleChoices(): Choice[] {
  return switches.flatMap(({ name, variants }) => variants.slice(1).map((variant) => ({ [name]: variant })));
}

/** Choices that together contain every pair of variants of any two switches. */
export function pairwiseChoices(): Choice[] {
  const open = new Set(allPairs());
  const choices: Choice[] = [];
  while (open.size > 0) {
    const choice: Choice = {};
    for (const { name, variants } of switches) {
      const gain = (variant: unknown) =>
        Object.entries(choice).filter(([other, chosen]) => open.has(pairKey(other, chosen, name, variant))).length;
      // The first pair that is still open begins the choice; then each switch takes what closes most.
      const [begin = ''] = open;
      const wanted = variants.find((variant) => begin.includes(half(name, variant)));
      choice[name] = wanted ?? [...variants].sort((one, other) => gain(other) - gain(one))[0];
    }
    for (const key of [...open]) if (isContained(key, choice)) open.delete(key);
    choices.push(choice);
  }
  return choices;
}

const half = (name: string, variant: unknown) => `<${name}=${String(variant)}>`;
const pairKey = (one: string, variant: unknown, other: string, otherVariant: unknown) =>
  [half(one, variant), half(other, otherVariant)].sort().join('');
const isContained = (key: string, choice: Choice) =>
  (key.match(/<[^>]+>/g) ?? []).every((part) =>
    Object.entries(choice).some(([name, variant]) => half(name, variant) === part),
  );

function allPairs(): string[] {
  return switches.flatMap((one, index) =>
    switches
      .slice(index + 1)
      .flatMap((other) =>
        one.variants.flatMap((variant) =>
          other.variants.map((otherVariant) => pairKey(one.name, variant, other.name, otherVariant)),
        ),
      ),
  );
}

/** @returns what went wrong; empty: nothing */
export function runVariant(choice: Choice, mode: Mode): Promise<string[]> {
  const behaviours = behavioursOf(choice);
  if (mode === 'bulk twice') return runBulkTwice(behaviours);
  return runSeed(quietScheduleOf(seed, behaviours, mode === 'kill' ? kills : 0)).then(({ problems }) => problems);
}

function behavioursOf(choice: Choice): Behaviours {
  const of = (api: string) =>
    Object.fromEntries(
      Object.entries(choice).flatMap(([name, variant]) =>
        name.startsWith(`${api}.`) ? [[name.slice(api.length + 1), variant]] : [],
      ),
    );
  return { klaviyo: of('klaviyo'), commercetools: of('commercetools') };
}

/** All resources, then a few more orders and customers, then all resources again. */
async function runBulkTwice(behaviours: Behaviours): Promise<string[]> {
  const chaosEnv = await startChaosEnv({ seed, behaviours, repeatedUniqueId: 'ignored', versionZero: 'conflict' });
  // In this process: nothing is killed, and a process takes seconds to start.
  const app = createService(readConfig(chaosEnv.env), pino({ level: 'silent' }));
  const [url = ''] = await app.start();
  const replica = { url, isUp: () => true };
  try {
    await syncAll([replica]);
    const problems = await waitUntilIdle(chaosEnv, [replica], timeoutMs);
    const shopper = createShopper(connectWithoutFaults(chaosEnv), seed);
    const journal = [];
    for (let left = shopActions; left > 0; left -= 1) journal.push(await shopper.act());
    // A sync reads what queries show.
    const { queryLagMs = 0, stockDelayMs = 0 } = behaviours.commercetools ?? {};
    await sleep(queryLagMs + stockDelayMs);
    await syncAll([replica]);
    problems.push(...(await waitUntilIdle(chaosEnv, [replica], timeoutMs)));
    if (problems.length > 0) return problems;
    const baseline = await runBaseline(chaosEnv, []);
    const allowed = allowedDifferences(journal, baseline.state);
    return [
      ...differencesOf(baseline.state, await stateOf(chaosEnv.klaviyo.url), allowed),
      ...unexplainedDeadLetters(deadLettersIn(chaosEnv), baseline.deadLetters),
      ...runProblems(chaosEnv),
      ...(await triggeredFlows(chaosEnv)),
    ];
  } finally {
    await app.stop();
    await chaosEnv.stop();
  }
}

const events = z.object({ data: z.array(z.object({ metric: z.string(), wouldTriggerFlows: z.boolean() })) });

/** A sync sends history, which triggers no flow. */
async function triggeredFlows({ klaviyo }: ChaosEnv): Promise<string[]> {
  const { data } = events.parse(await (await fetch(`${klaviyo.url}/sandbox/events`)).json());
  const triggering = data.filter(({ wouldTriggerFlows }) => wouldTriggerFlows);
  return triggering.length === 0 ? [] : [`${triggering.length} events of a sync trigger flows`];
}
