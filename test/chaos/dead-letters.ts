/** Dead letters of a seed: each has to be explained by a record that failed on demand, or to be there in a calm run too. */
import { z } from 'zod';
import { injectedErrorDetail } from '../../sandbox/klaviyo/jobs.ts';
import { type DeadLetter, deadLetterSchema } from '../../src/engine/delivery/dead-letters.ts';
import type { ChaosEnv } from './chaos-env.ts';

export function deadLettersIn(chaosEnv: ChaosEnv): DeadLetter[] {
  return [...chaosEnv.storedValues('ctk-dead-letters')].map(([id, value]) =>
    deadLetterSchema.parse(Object.assign({}, value, { id })),
  );
}

/** @returns a line for each letter that nothing explains */
export function unexplainedDeadLetters(
  deadLetters: readonly DeadLetter[],
  baseline: readonly DeadLetter[],
  when?: string,
): string[] {
  const known = new Set(baseline.map(({ id }) => id));
  return deadLetters
    .filter(({ id, detail }) => !known.has(id) && (when !== undefined || detail !== injectedErrorDetail))
    .map(
      ({ record, rule, code, detail }) =>
        `dead letter ${when ?? ''}: ${record?.typeId} ${record?.id} ${rule} ${code} ${detail}`,
    );
}

const replaySchema = z.object({
  delivered: z.number(),
  unavailable: z.string().optional(),
  after: z.string().optional(),
});

/** As a person does who has seen that what was wrong is over. */
export async function replayAll(url: string): Promise<string[]> {
  for (let after: string | undefined; ; ) {
    const answer = await fetch(`${url}/dead-letters/replay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ all: true, ...(after === undefined ? {} : { after }) }),
    });
    if (!answer.ok) return [`the replay is answered ${answer.status}: ${await answer.text()}`];
    const summary = replaySchema.parse(await answer.json());
    if (summary.unavailable !== undefined) return [`the replay ends: ${summary.unavailable}`];
    if (summary.after === undefined) return [];
    after = summary.after;
  }
}
