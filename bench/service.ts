/** Runs the real service in a process that reports its resource usage. `BENCH_SCALE` multiplies its rate limits. */
import pino from 'pino';
import { createService } from '../src/app/service.ts';
import { readConfig } from '../src/config/config.ts';
import { processEnvironment } from '../src/config/process-environment.ts';
import { setV8Flags } from '../src/lib/v8-flags.ts';
import { reportUsage } from './usage.ts';

setV8Flags();
const env = processEnvironment();
const config = readConfig(env);
const scale = Number(env.BENCH_SCALE ?? 1);
const log = pino({ level: config.logLevel }, pino.destination({ dest: '/dev/null', sync: false }));
const app = createService({ ...config, klaviyo: { ...config.klaviyo, scale } }, log);
const [url = ''] = await app.start();
reportUsage();
process.once('disconnect', () => void app.stop().then(() => process.exit(0)));
process.send?.({ url });
