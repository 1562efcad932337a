/** Loads the configuration and creates the components that commands use, without a running service. */
import pino from 'pino';
import { type Components, createComponents } from '../app/components.ts';
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { type Config, processEnvironment, readConfig } from '../config/config.ts';

/** @throws ConfigError with all problems */
export function loadConfig(): Config {
  return readConfig(processEnvironment());
}

export function connectCommercetools(): { config: Config; client: CommercetoolsClient } {
  const config = loadConfig();
  return { config, client: createComponents(config, pino({ level: 'silent' })).commercetools };
}

/** Runs a job with the components, and closes them afterwards. Works on the store and the APIs directly. */
export async function withComponents<Result>(
  job: (components: Components, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = loadConfig();
  const components = createComponents(config, pino({ level: 'silent' }), { claim: 'own' });
  try {
    return await job(components, config);
  } finally {
    await components.stop();
  }
}
