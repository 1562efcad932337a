/** The document that the service serves at /openapi.json, as a file: docs/openapi.json. */
import pino from 'pino';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import { environment } from '../../test/fixtures/environment.ts';

export const openApiFile = new URL('../../docs/openapi.json', import.meta.url);

/** @returns what a service answers that does realtime and bulk */
export async function openApiText(): Promise<string> {
  const config = readConfig(environment({ STORE: 'memory', PORT: '0', HOST: '127.0.0.1' }));
  const app = createService(config, pino({ level: 'silent' }));
  const [service = ''] = await app.start();
  try {
    const document: unknown = await (await fetch(`${service}/openapi.json`)).json();
    return `${JSON.stringify(document, undefined, 2)}\n`;
  } finally {
    await app.stop();
  }
}
