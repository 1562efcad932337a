/** The service as it is, in a process that says what it has used. `BENCH_SCALE` multiplies the limits it keeps to. */
import pino from 'pino';
import { createApp } from '../src/app.ts';
import { processEnvironment, readConfig } from '../src/config/config.ts';

const env = processEnvironment();
const config = readConfig(env);
const scale = Number(env.BENCH_SCALE ?? 1);
const log = pino({ level: config.logLevel }, pino.destination({ dest: '/dev/null', sync: false }));
const app = createApp({ ...config, klaviyo: { ...config.klaviyo, scale } }, log);
const [url = ''] = await app.start();
let began = process.cpuUsage();

process.on('message', (message) => {
  if (message === 'begin') {
    began = process.cpuUsage();
    process.send?.({ begun: true });
  }
  if (message === 'usage') {
    const { user, system } = process.cpuUsage(began);
    process.send?.({ cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1_024 });
  }
});
process.once('disconnect', () => void app.stop().then(() => process.exit(0)));
process.send?.({ url });
