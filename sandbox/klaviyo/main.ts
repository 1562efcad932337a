/** Runs the mock Klaviyo API as a separate process: `node sandbox/klaviyo/main.ts --port 4010`. */
import { parseArgs } from 'node:util';
import { startOnPort } from '../ports.ts';
import { startKlaviyoSandbox } from './sandbox.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    limits: { type: 'string', default: '1' },
    key: { type: 'string', default: 'pk_sandbox' },
    'job-ms': { type: 'string', default: '300' },
  },
});

const sandbox = await startOnPort(count('port', values.port), (port) =>
  startKlaviyoSandbox({
    port,
    host: values.host,
    limits: values.limits === 'none' ? 'none' : count('limits', values.limits),
    key: values.key,
    jobMs: values['job-ms'] === 'recorded' ? 'recorded' : count('job-ms', values['job-ms']),
  }),
);
console.log(`klaviyo sandbox on ${sandbox.url}`);
process.send?.({ url: sandbox.url });

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
// Without its parent process, nothing else would stop this one.
process.once('disconnect', stop);

function stop(): void {
  void sandbox.stop();
  if (process.connected) process.disconnect();
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new Error(`--${name} takes a number, not "${text}"`);
}
