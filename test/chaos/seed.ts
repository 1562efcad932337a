/** One seed from beginning to end: a shop lives while everything goes wrong, then all settles and is held against a calm run. */
import { z } from 'zod';
import type { JournalEntry } from '../../sandbox/shop/actors/journal.ts';
import { createRandom } from '../../sandbox/shop/seed/random.ts';
import { perform, syncAll } from './actions.ts';
import { startBalancer } from './balancer.ts';
import { runCalm } from './baseline.ts';
import { explained, lettersIn, replayAll } from './letters.ts';
import { momentaryOf } from './momentary.ts';
import { type Place, startPlace, subscribe, topic } from './place.ts';
import { createReplica, type Replica } from './replica.ts';
import type { Schedule } from './schedule.ts';
import { settle } from './settle.ts';
import { differencesOf, stateOf } from './state.ts';

export interface Outcome {
  /** What is not as it should be; empty: it passed. */
  problems: string[];
  messages: number;
  pushes: number;
  letters: number;
  events: number;
  /** Replicas had written a record at the same moment, and a sync put it right, as docs/delivery.md says. */
  healed: boolean;
  /** Deleted records of the catalogue that another replica had read before and wrote after; see docs/delivery.md. */
  broughtBack: number;
  /** The last lines that the replicas logged. */
  logs: string[];
}

/** What two replicas may write at the same moment, each as it has just read it. Never an event, nor what is not there. */
const isOfTheMoment = /^(profile|item|variant|category) \S+ \w+.*: .* is meant/;
const deletions = new Set(['deleteCategory', 'deleteProduct', 'unpublish']);

/** What another replica had in its hands when it was deleted. A variant goes with its product, whatever its sku. */
function isBroughtBack(difference: string, journal: readonly JournalEntry[]): boolean {
  const [, what, id] = /^too much: (category|item|variant) (.+)$/.exec(difference) ?? [];
  const gone = journal.filter(({ action }) => deletions.has(action));
  if (what === 'variant') return gone.some(({ ids }) => ids.product !== undefined);
  return gone.some(({ ids }) => (what === 'category' ? ids.category : ids.product) === id);
}

const longestSettlingMs = 60_000;

export async function runSeed(schedule: Schedule): Promise<Outcome> {
  const place = await startPlace(schedule);
  const replicas = await Promise.all(Array.from({ length: schedule.replicas }, () => createReplica(place.env)));
  const random = createRandom(schedule.seed);
  const balancer = await startBalancer(replicas, schedule.disorder, random);
  place.shop.pubsub.bind(`projects/${topic.projectId}/topics/${topic.topic}`, { pushEndpoint: balancer.url });
  const problems: string[] = [];
  let letters = 0;
  try {
    await Promise.all(replicas.map((replica) => replica.start()));
    await subscribe(place);
    const { duplicateEvery, reorderWindow } = schedule.disorder;
    place.shop.pubsub.setDisorder({ duplicateEvery, reorderWindow });
    balancer.disturb();
    const { codes, journal } = await perform(schedule, place, replicas);
    endFaults(place);
    balancer.calm();
    await Promise.all(replicas.map((replica) => replica.start()));
    problems.push(...(await settle(place, replicas, longestSettlingMs)));
    if (problems.length > 0) return unsettled(problems, replicas);
    for (const code of codes) if (code === 1) problems.push(`a process that was asked to end ended with code ${code}`);
    const kept = lettersIn(place);
    letters = kept.length;
    const messages = balancer.messages();
    const calm = await runCalm(place, messages);
    problems.push(...explained(kept, calm.deadLetters));
    const [any] = replicas;
    if (kept.length > 0 && any) problems.push(...(await replayAll(any.url)));
    problems.push(...(await settle(place, replicas, longestSettlingMs)));
    problems.push(...explained(lettersIn(place), calm.deadLetters, 'after the replay'));
    const allowed = momentaryOf(journal, calm.state);
    const cameBack = (one: string) => schedule.replicas > 1 && isBroughtBack(one, journal);
    const compared = async () => differencesOf(calm.state, await stateOf(place.klaviyo.url), allowed);
    let all = await compared();
    let differences = all.filter((one) => !cameBack(one));
    const healed =
      schedule.replicas > 1 && differences.length > 0 && differences.every((one) => isOfTheMoment.test(one));
    if (healed) {
      await syncAll(replicas);
      problems.push(...(await settle(place, replicas, longestSettlingMs)));
      all = await compared();
      differences = all.filter((one) => !cameBack(one));
    }
    problems.push(...differences);
    problems.push(...runProblems(place));
    const pushes = [...balancer.answers.values()].reduce((sum, count) => sum + count, 0);
    const { events } = place.klaviyo.state();
    const broughtBack = all.filter(cameBack).length;
    return {
      problems,
      messages: messages.length,
      pushes,
      letters,
      events,
      healed,
      broughtBack,
      logs: logsOf(replicas),
    };
  } finally {
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
    await balancer.stop();
    await place.stop();
  }
}

/** There is no use in comparing what is not finished. */
function unsettled(problems: string[], replicas: readonly Replica[]): Outcome {
  return {
    problems,
    messages: 0,
    pushes: 0,
    letters: 0,
    events: 0,
    healed: false,
    broughtBack: 0,
    logs: logsOf(replicas),
  };
}

function endFaults({ klaviyo, shop }: Place): void {
  klaviyo.faults.clear();
  shop.faults.clear();
  shop.pubsub.setDisorder({ duplicateEvery: 0, reorderWindow: 0 });
}

const stored = z.object({
  run: z.object({ id: z.string(), resource: z.string(), state: z.string(), problem: z.string().optional() }),
});

/** Every run came to its end, and none by failing. */
function runProblems(place: Place): string[] {
  return [...place.kept('ctk-runs').values()].flatMap((value) => {
    const run = stored.safeParse(value).data?.run;
    if (!run || run.state === 'completed') return [];
    return [`run ${run.id} of ${run.resource} is ${run.state}: ${run.problem ?? ''}`];
  });
}

function logsOf(replicas: readonly Replica[]): string[] {
  return replicas.flatMap((replica, index) => replica.log().map((line) => `${index}: ${line}`));
}
