/** What commands begin with: the configuration, and an app that serves nobody. */
import pino from 'pino';
import { type Components, createComponents } from '../app/components.ts';
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { type Config, processEnvironment, readConfig } from '../config/config.ts';

/** @throws ConfigError with every mistake */
export function configured(): Config {
  return readConfig(processEnvironment());
}

/** The configuration and the way to commercetools. */
export function connected(): { config: Config; client: CommercetoolsClient } {
  const config = configured();
  return { config, client: createComponents(config, pino({ level: 'silent' })).commercetools };
}

/** Works on the store and the APIs themselves: no service needs to run. */
export async function withComponents<Result>(
  job: (app: Components, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = configured();
  const app = createComponents(config, pino({ level: 'silent' }), { claim: 'own' });
  try {
    return await job(app, config);
  } finally {
    await app.stop();
  }
}
