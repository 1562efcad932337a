/** Loads the configuration and creates the components that commands use, without a running service. */
import type { Components } from '../app/components.ts';
import type { CommercetoolsClient } from '../commercetools/client.ts';
import { type Config, readConfig } from '../config/config.ts';
import { processEnvironment } from '../config/process-environment.ts';

/** @throws ConfigError with all problems */
export function loadConfig(): Config {
  return readConfig(processEnvironment());
}

export async function connectCommercetools(): Promise<{ config: Config; client: CommercetoolsClient }> {
  const config = loadConfig();
  return { config, client: (await createSilentComponents(config)).commercetools };
}

/** Runs a job with the components, and closes them afterwards. Works on the store and the APIs directly. */
export async function withComponents<Result>(
  job: (components: Components, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = loadConfig();
  const components = await createSilentComponents(config);
  try {
    return await job(components, config);
  } finally {
    await components.stop();
  }
}

/** Loads the components here, because `ctk config` needs the configuration only. */
async function createSilentComponents(config: Config): Promise<Components> {
  const [{ createComponents }, { default: pino }] = await Promise.all([import('../app/components.ts'), import('pino')]);
  return createComponents(config, pino({ level: 'silent' }), { claim: 'own' });
}
