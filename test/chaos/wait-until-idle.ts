/** Waits until nothing is under way any more: what a person would call quiet. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ChaosEnv } from './chaos-env.ts';
import type { RunningReplica } from './replica.ts';

const runs = z.object({ running: z.array(z.looseObject({ id: z.string(), resource: z.string(), state: z.string() })) });
const pollMs = 50;
/** Quiet for so many looks: between two of them something may be handed over. */
const requiredIdlePolls = 4;

/** @returns what is still under way after so long, nothing where all is quiet */
export async function waitUntilIdle(
  chaosEnv: ChaosEnv,
  replicas: readonly RunningReplica[],
  timeoutMs: number,
): Promise<string[]> {
  const until = performance.now() + timeoutMs;
  for (let quiet = 0, open: string[] = []; ; await sleep(pollMs)) {
    open = await inFlight(chaosEnv, replicas);
    quiet = open.length === 0 ? quiet + 1 : 0;
    if (quiet >= requiredIdlePolls) return [];
    if (performance.now() > until) return open;
  }
}

async function inFlight({ shop, storedValues }: ChaosEnv, replicas: readonly RunningReplica[]): Promise<string[]> {
  const open: string[] = [];
  if (shop.pending() > 0) open.push(`${shop.pending()} messages are not acknowledged`);
  for (const key of storedValues('ctk-work').keys()) open.push(`the lease ${key} is held`);
  for (const key of storedValues('ctk-accepted-jobs').keys()) open.push(`the job ${key} is remembered`);
  const [any] = replicas.filter((replica) => replica.isUp());
  if (!any) return [...open, 'no replica is up'];
  const answer = await fetch(`${any.url}/sync`);
  if (!answer.ok) return [...open, `GET /sync is answered ${answer.status}: ${await answer.text()}`];
  const { running } = runs.parse(await answer.json());
  for (const run of running) open.push(`run ${run.id} of ${run.resource} is ${run.state}: ${JSON.stringify(run)}`);
  return open;
}
