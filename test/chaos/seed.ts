/** One seed from beginning to end: a shop lives while everything goes wrong, then all settles and is held against a calm run. */
import { z } from 'zod';
import type { JournalEntry } from '../../sandbox/shop/actors/journal.ts';
import { createRandom } from '../../sandbox/shop/seed/random.ts';
import { runSchedule, syncAll } from './actions.ts';
import { allowedDifferences } from './allowed-differences.ts';
import { startBalancer } from './balancer.ts';
import { runBaseline } from './baseline.ts';
import { type ChaosEnv, startChaosEnv, subscribe, topic } from './chaos-env.ts';
import { deadLettersIn, replayAll, unexplainedDeadLetters } from './dead-letters.ts';
import { createReplica, type Replica } from './replica.ts';
import type { Schedule } from './schedule.ts';
import { differencesOf, stateOf } from './state.ts';
import { waitUntilIdle } from './wait-until-idle.ts';

export interface Outcome {
  /** What is not as it should be; empty: it passed. */
  problems: string[];
  messages: number;
  pushes: number;
  deadLetters: number;
  events: number;
  /** Replicas had written a record at the same moment, and a sync put it right, as docs/delivery.md says. */
  healed: boolean;
  /** Deleted records of the catalogue that another replica had read before and wrote after; see docs/delivery.md. */
  restored: number;
  /** The last lines that the replicas logged. */
  logs: string[];
}

/** What two replicas may write at the same moment, each as it has just read it. Never an event, nor what is not there. */
const isConcurrentWrite = /^(profile|item|variant|category) \S+ \w+.*: .* is meant/;
const deletions = new Set(['deleteCategory', 'deleteProduct', 'unpublish']);

/** What another replica had in its hands when it was deleted. A variant goes with its product, whatever its sku. */
function isRestoredAfterDelete(difference: string, journal: readonly JournalEntry[]): boolean {
  const [, what, id] = /^too much: (category|item|variant) (.+)$/.exec(difference) ?? [];
  const gone = journal.filter(({ action }) => deletions.has(action));
  if (what === 'variant') return gone.some(({ ids }) => ids.product !== undefined);
  return gone.some(({ ids }) => (what === 'category' ? ids.category : ids.product) === id);
}

const settleTimeoutMs = 60_000;

export async function runSeed(schedule: Schedule): Promise<Outcome> {
  const chaosEnv = await startChaosEnv(schedule);
  const replicas = await Promise.all(Array.from({ length: schedule.replicas }, () => createReplica(chaosEnv.env)));
  const random = createRandom(schedule.seed);
  const balancer = await startBalancer(replicas, schedule.disorder, random);
  chaosEnv.shop.pubsub.bind(`projects/${topic.projectId}/topics/${topic.topic}`, { pushEndpoint: balancer.url });
  const problems: string[] = [];
  let deadLetters = 0;
  try {
    await Promise.all(replicas.map((replica) => replica.start()));
    await subscribe(chaosEnv);
    const { duplicateEvery, reorderWindow } = schedule.disorder;
    chaosEnv.shop.pubsub.setDisorder({ duplicateEvery, reorderWindow });
    balancer.startDisorder();
    const { codes, journal, attacks } = await runSchedule(schedule, chaosEnv, replicas);
    problems.push(...attacks);
    endFaults(chaosEnv);
    balancer.stopDisorder();
    await Promise.all(replicas.map((replica) => replica.start()));
    const open = await waitUntilIdle(chaosEnv, replicas, settleTimeoutMs);
    problems.push(...open);
    if (open.length > 0) return notIdle(problems, replicas);
    for (const code of codes) if (code === 1) problems.push(`a process that was asked to end ended with code ${code}`);
    const stored = deadLettersIn(chaosEnv);
    deadLetters = stored.length;
    const messages = balancer.messages();
    const baseline = await runBaseline(chaosEnv, messages);
    problems.push(...unexplainedDeadLetters(stored, baseline.deadLetters));
    const [any] = replicas;
    if (stored.length > 0 && any) problems.push(...(await replayAll(any.url)));
    problems.push(...(await waitUntilIdle(chaosEnv, replicas, settleTimeoutMs)));
    problems.push(...unexplainedDeadLetters(deadLettersIn(chaosEnv), baseline.deadLetters, 'after the replay'));
    const allowed = allowedDifferences(journal, baseline.state);
    const isRestored = (one: string) => schedule.replicas > 1 && isRestoredAfterDelete(one, journal);
    const compared = async () => differencesOf(baseline.state, await stateOf(chaosEnv.klaviyo.url), allowed);
    let all = await compared();
    let differences = all.filter((one) => !isRestored(one));
    const healed =
      schedule.replicas > 1 && differences.length > 0 && differences.every((one) => isConcurrentWrite.test(one));
    if (healed) {
      await syncAll(replicas);
      problems.push(...(await waitUntilIdle(chaosEnv, replicas, settleTimeoutMs)));
      all = await compared();
      differences = all.filter((one) => !isRestored(one));
    }
    problems.push(...differences);
    problems.push(...runProblems(chaosEnv));
    const pushes = [...balancer.answers.values()].reduce((sum, count) => sum + count, 0);
    const { events } = chaosEnv.klaviyo.state();
    const restored = all.filter(isRestored).length;
    return {
      problems,
      messages: messages.length,
      pushes,
      deadLetters,
      events,
      healed,
      restored,
      logs: logsOf(replicas),
    };
  } finally {
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
    await balancer.stop();
    await chaosEnv.stop();
  }
}

/** There is no use in comparing what is not finished. */
function notIdle(problems: string[], replicas: readonly Replica[]): Outcome {
  return {
    problems,
    messages: 0,
    pushes: 0,
    deadLetters: 0,
    events: 0,
    healed: false,
    restored: 0,
    logs: logsOf(replicas),
  };
}

function endFaults({ klaviyo, shop }: ChaosEnv): void {
  klaviyo.faults.clear();
  shop.faults.clear();
  shop.pubsub.setDisorder({ duplicateEvery: 0, reorderWindow: 0 });
}

const storedRun = z.object({
  run: z.object({ id: z.string(), resource: z.string(), state: z.string(), problem: z.string().optional() }),
});

/** Every run came to its end, and none by failing. */
export function runProblems(chaosEnv: ChaosEnv): string[] {
  return [...chaosEnv.storedValues('ctk-runs').values()].flatMap((value) => {
    const run = storedRun.safeParse(value).data?.run;
    if (!run || run.state === 'completed') return [];
    return [`run ${run.id} of ${run.resource} is ${run.state}: ${run.problem ?? ''}`];
  });
}

function logsOf(replicas: readonly Replica[]): string[] {
  return replicas.flatMap((replica, index) => replica.log().map((line) => `${index}: ${line}`));
}
