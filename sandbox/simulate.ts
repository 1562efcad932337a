/**
 * Simulates live activity: a shopper and an editor take turns, and each action is printed with its effect in Klaviyo.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Processes } from './processes.ts';
import { createEditor } from './shop/actors/editor.ts';
import type { JournalEntry } from './shop/actors/journal.ts';
import { connectShop } from './shop/actors/shop-api.ts';
import { createShopper } from './shop/actors/shopper.ts';

export interface SimulationOptions {
  seed: number;
  /** Number of steps; unlimited if absent. */
  steps?: number;
  /** Delay between two steps in milliseconds. */
  pauseMs: number;
  /** Whether shoppers leave carts. */
  carts: boolean;
  signal: AbortSignal;
  onLine(line: string): void;
}

const state = z.object({
  eventsByMetric: z.record(z.string(), z.number()),
  profiles: z.number(),
  items: z.number(),
  variants: z.number(),
  categories: z.number(),
  requests: z.number(),
});
const idle = z.object({ idle: z.boolean() });
const runs = z.object({ running: z.array(z.unknown()) });

/** Every fourth step is the editor's. */
const editorEvery = 4;

/**
 * Runs the simulation.
 * @returns the journal, for the comparison
 */
export async function simulate(processes: Processes, options: SimulationOptions): Promise<JournalEntry[]> {
  const api = connectShop(processes.shop);
  const shopper = createShopper(api, options.seed, options);
  const editor = createEditor(api, options.seed);
  const journal: JournalEntry[] = [];
  let before = await countsOf(processes.klaviyoUrl);
  for (let step = 1; !options.signal.aborted && step <= (options.steps ?? Number.POSITIVE_INFINITY); step += 1) {
    const entry = await (step % editorEvery === 0 ? editor : shopper).act();
    journal.push(entry);
    await waitUntilIdle(processes, options.signal);
    const after = await countsOf(processes.klaviyoUrl);
    options.onLine(`${entry.description}  →  ${difference(before, after)}`);
    before = after;
    await sleep(options.pauseMs);
  }
  return journal;
}

const pollMs = 20;

/** Waits until every delivery is acknowledged and no sync is running. */
export async function waitUntilIdle({ shop, serviceUrl }: Processes, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const quiet = idle.parse(await fetchJson(`${shop.url}/sandbox/idle`)).idle;
    if (quiet && runs.parse(await fetchJson(`${serviceUrl}/sync`)).running.length === 0) return;
    await sleep(pollMs);
  }
}

async function countsOf(klaviyoUrl: string): Promise<Record<string, number>> {
  const { eventsByMetric, ...records } = state.parse(await fetchJson(`${klaviyoUrl}/sandbox/state`));
  return { ...eventsByMetric, ...records };
}

function difference(
  { requests: requestsBefore = 0, ...before }: Record<string, number>,
  after: Record<string, number>,
): string {
  const { requests = 0, ...records } = after;
  const changes = Object.entries(records)
    .map(([name, count]): [string, number] => [name, count - (before[name] ?? 0)])
    .filter(([, change]) => change !== 0)
    .map(([name, change]) => `${change > 0 ? '+' : ''}${change} ${name}`)
    .join(', ');
  if (changes !== '') return changes;
  return requests === requestsBefore ? 'no event sent' : 'up to date in Klaviyo';
}

/** Fetches a URL and returns the parsed JSON. Throws for an error status. */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}
