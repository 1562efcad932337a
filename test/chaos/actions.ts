/** Makes a schedule happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEditor } from '../../sandbox/shop/actors/editor.ts';
import type { JournalEntry } from '../../sandbox/shop/actors/journal.ts';
import { connectShop, type ShopApi } from '../../sandbox/shop/actors/shop-api.ts';
import { createShopper } from '../../sandbox/shop/actors/shopper.ts';
import { attack } from './attacks.ts';
import { type ChaosEnv, syncedResources } from './chaos-env.ts';
import { pushSecret } from './push.ts';
import type { Replica, RunningReplica } from './replica.ts';
import type { Action, Moment, Schedule } from './schedule.ts';

export interface ScheduleResult {
  /** What was done in the shop. */
  journal: JournalEntry[];
  /** Exit codes of processes that were asked to end. */
  codes: (number | null | undefined)[];
  /** Attacks that were accepted, or an internal error. */
  attacks: string[];
}

interface Stage {
  chaosEnv: ChaosEnv;
  replicas: readonly Replica[];
  result: ScheduleResult;
  actors: Record<'shopper' | 'editor', { act(): Promise<JournalEntry> }>;
}

/** Those who shop reach the project by another path than the service, so that faults leave them alone. */
export function connectWithoutFaults({ shop }: ChaosEnv): ShopApi {
  return connectShop({
    ...shop,
    projectKey: `%${shop.projectKey.charCodeAt(0).toString(16)}${shop.projectKey.slice(1)}`,
  });
}

/** Resolves when the last deed is done and every process that was ended is back. */
export async function runSchedule(
  schedule: Schedule,
  chaosEnv: ChaosEnv,
  replicas: readonly Replica[],
): Promise<ScheduleResult> {
  const api = connectWithoutFaults(chaosEnv);
  // The token is there before anything goes wrong.
  await api.request('GET', 'customers?limit=1');
  const actors = { shopper: createShopper(api, schedule.seed), editor: createEditor(api, schedule.seed) };
  const result: ScheduleResult = { journal: [], codes: [], attacks: [] };
  const stage: Stage = { chaosEnv, replicas, result, actors };
  const began = performance.now();
  const others: Promise<unknown>[] = [];
  let shopping: Promise<unknown> = Promise.resolve();
  for (const moment of schedule.moments) {
    await sleep(Math.max(0, began + moment.atMs - performance.now()));
    if (moment.do === 'shop') shopping = shopping.then(() => shopOnce(stage, moment.who));
    else others.push(runAction(moment, stage));
  }
  await Promise.all([shopping, ...others]);
  return result;
}

async function shopOnce({ actors, result }: Stage, who: 'shopper' | 'editor'): Promise<void> {
  result.journal.push(await actors[who].act());
}

async function runAction(
  action: Exclude<Action, { do: 'shop' }>,
  { chaosEnv, replicas, result }: Stage,
): Promise<void> {
  switch (action.do) {
    case 'sync':
      return startSync(replicas, action.resource);
    case 'attack': {
      const target = replicas[action.replica];
      const status = target?.isUp()
        ? await attack(action.attack, { url: target.url, secret: pushSecret }, action.turn)
        : 0;
      // 0: the process ended meanwhile.
      if (status !== 0 && (status < 400 || status === 500))
        result.attacks.push(`${action.attack} was answered ${status}`);
      return;
    }
    case 'clock':
      return replicas[action.replica]?.shiftClock(action.byMs);
    case 'fault':
      return injectFault(action, chaosEnv);
    default: {
      const replica = replicas[action.replica];
      const code = await replica?.end(action.do === 'kill' ? 'SIGKILL' : 'SIGTERM');
      if (action.do === 'end') result.codes.push(code);
      await sleep(action.backMs);
      await replica?.start();
    }
  }
}

async function injectFault(
  { api, rule, forMs }: Extract<Moment, { do: 'fault' }> | Extract<Action, { do: 'fault' }>,
  chaosEnv: ChaosEnv,
): Promise<void> {
  const faults = api === 'klaviyo' ? chaosEnv.klaviyo.faults : chaosEnv.shop.faults;
  const [added] = faults.add(rule);
  await sleep(forMs);
  if (added) faults.remove(added.id);
}

/** Everything once more, by any of them. */
export async function syncAll(replicas: readonly RunningReplica[]): Promise<void> {
  for (const resource of syncedResources) await startSync(replicas, resource);
}

/** Repeats the request until a replica accepts it or says that the sync is running. */
async function startSync(replicas: readonly RunningReplica[], resource: string): Promise<void> {
  for (;;) {
    const one = replicas.find((replica) => replica.isUp());
    const status = one ? await post(`${one.url}/sync/${resource}`) : 0;
    if (status === 202 || status === 409) return;
    await sleep(100);
  }
}

async function post(url: string): Promise<number> {
  try {
    const answer = await fetch(url, { method: 'POST' });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
