/** The same shop at its end and the same messages, once each and in order, over a Klaviyo of its own: nothing goes wrong. */
import pino from 'pino';
import { startKlaviyoSandbox } from '../../sandbox/klaviyo/sandbox.ts';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import type { DeadLetter } from '../../src/engine/delivery/dead-letters.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type ChaosEnv, syncedResources } from './chaos-env.ts';
import { push, pushSecret } from './push.ts';
import { type State, stateOf } from './state.ts';

/** A busy machine is no reason to fail. */
const slowMachineSettings = {
  klaviyo: { timeoutSeconds: 30, eventListingSeconds: 3 },
  commercetools: { timeoutSeconds: 30 },
  realtime: { deadlineSeconds: 60 },
};

export interface Baseline {
  state: State;
  deadLetters: DeadLetter[];
}

/** @param messages as a broker pushes them */
export async function runBaseline({ env }: ChaosEnv, messages: readonly string[]): Promise<Baseline> {
  const klaviyo = await startKlaviyoSandbox({ limits: 'none', jobMs: 1, record: false });
  const config = readConfig({ ...env, KLAVIYO_API_URL: klaviyo.url, NODE_CONFIG: JSON.stringify(slowMachineSettings) });
  const app = createService(config, pino({ level: 'silent' }), { store: createMemoryStore() });
  const [url = ''] = await app.start();
  try {
    for (const message of messages) {
      const status = await push(url, message, pushSecret);
      if (status >= 300) throw new Error(`a message is answered ${status} although nothing goes wrong`);
    }
    for (const resource of syncedResources) {
      const started = await app.runs.start(resource, {}, 'api');
      if (!('started' in started)) throw new Error(`the sync of ${resource} does not start`);
      await app.settled();
      const run = await app.runs.get(started.started.id);
      if (run?.state !== 'completed') throw new Error(`the calm sync of ${resource} is ${run?.state}: ${run?.problem}`);
    }
    return { state: await stateOf(klaviyo.url), deadLetters: await Array.fromAsync(app.deadLetters.list()) };
  } finally {
    await app.stop();
    await klaviyo.stop();
  }
}
