/** Makes a schedule happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEditor } from '../../sandbox/shop/actors/editor.ts';
import type { JournalEntry } from '../../sandbox/shop/actors/journal.ts';
import { connectShop, type ShopApi } from '../../sandbox/shop/actors/shop-api.ts';
import { createShopper } from '../../sandbox/shop/actors/shopper.ts';
import { bulkResources } from '../../src/commercetools/schemas.ts';
import type { Place } from './place.ts';
import type { Replica } from './replica.ts';
import type { Deed, Moment, Schedule } from './schedule.ts';

export interface Happened {
  /** What was done in the shop. */
  journal: JournalEntry[];
  /** Exit codes of processes that were asked to end. */
  codes: (number | null | undefined)[];
}

interface Stage {
  place: Place;
  replicas: readonly Replica[];
  happened: Happened;
  actors: Record<'shopper' | 'editor', { act(): Promise<JournalEntry> }>;
}

/** Those who shop reach the project by another path than the service, so that faults leave them alone. */
export function connectUndisturbed({ shop }: Place): ShopApi {
  return connectShop({
    ...shop,
    projectKey: `%${shop.projectKey.charCodeAt(0).toString(16)}${shop.projectKey.slice(1)}`,
  });
}

/** Resolves when the last deed is done and every process that was ended is back. */
export async function perform(schedule: Schedule, place: Place, replicas: readonly Replica[]): Promise<Happened> {
  const api = connectUndisturbed(place);
  // The token is there before anything goes wrong.
  await api.request('GET', 'customers?limit=1');
  const actors = { shopper: createShopper(api, schedule.seed), editor: createEditor(api, schedule.seed) };
  const happened: Happened = { journal: [], codes: [] };
  const stage: Stage = { place, replicas, happened, actors };
  const began = performance.now();
  const others: Promise<unknown>[] = [];
  let shopping: Promise<unknown> = Promise.resolve();
  for (const moment of schedule.moments) {
    await sleep(Math.max(0, began + moment.atMs - performance.now()));
    if (moment.do === 'shop') shopping = shopping.then(() => shopOnce(stage, moment.who));
    else others.push(make(moment, stage));
  }
  await Promise.all([shopping, ...others]);
  return happened;
}

async function shopOnce({ actors, happened }: Stage, who: 'shopper' | 'editor'): Promise<void> {
  happened.journal.push(await actors[who].act());
}

async function make(deed: Exclude<Deed, { do: 'shop' }>, { place, replicas, happened }: Stage): Promise<void> {
  switch (deed.do) {
    case 'sync':
      return startSync(replicas, deed.resource);
    case 'clock':
      return replicas[deed.replica]?.shiftClock(deed.byMs);
    case 'fault':
      return disturb(deed, place);
    default: {
      const replica = replicas[deed.replica];
      const code = await replica?.end(deed.do === 'kill' ? 'SIGKILL' : 'SIGTERM');
      if (deed.do === 'end') happened.codes.push(code);
      await sleep(deed.backMs);
      await replica?.start();
    }
  }
}

async function disturb(
  { api, rule, forMs }: Extract<Moment, { do: 'fault' }> | Extract<Deed, { do: 'fault' }>,
  place: Place,
): Promise<void> {
  const faults = api === 'klaviyo' ? place.klaviyo.faults : place.shop.faults;
  const [added] = faults.add(rule);
  await sleep(forMs);
  if (added) faults.remove(added.id);
}

/** Everything once more, by any of them. */
export async function syncAll(replicas: readonly Replica[]): Promise<void> {
  for (const resource of bulkResources) await startSync(replicas, resource);
}

/** As a person does who wants it to run: until somebody says that it does. */
async function startSync(replicas: readonly Replica[], resource: string): Promise<void> {
  for (;;) {
    const one = replicas.find((replica) => replica.isUp());
    const status = one ? await ask(`${one.url}/sync/${resource}`) : 0;
    if (status === 202 || status === 409) return;
    await sleep(100);
  }
}

async function ask(url: string): Promise<number> {
  try {
    const answer = await fetch(url, { method: 'POST' });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
