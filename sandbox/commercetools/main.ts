/** Runs the mock commercetools API as a separate process: `node sandbox/commercetools/main.ts --port 8090`. */
import { parseArgs } from 'node:util';
import { startOnPort } from '../ports.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    'project-key': { type: 'string', default: 'shop' },
    'client-id': { type: 'string', default: 'sandbox-client' },
    'client-secret': { type: 'string', default: 'sandbox-secret' },
    scopes: { type: 'string', default: 'manage_project' },
    'latency-ms': { type: 'string', default: '0' },
  },
});

const sandbox = await startOnPort(Number(values.port), (port) =>
  startCommercetoolsSandbox({
    port,
    host: values.host,
    projectKey: values['project-key'],
    clientId: values['client-id'],
    clientSecret: values['client-secret'],
    scopes: values.scopes.split(/[\s,]+/),
    latencyMs: Number(values['latency-ms']),
  }),
);

const { url, authUrl, projectKey, clientId, clientSecret } = sandbox;
process.stdout.write(`commercetools sandbox on ${url}\n`);
process.send?.({ url, authUrl, projectKey, clientId, clientSecret });

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
// Without its parent process, nothing else would stop this one.
process.once('disconnect', stop);

function stop(): void {
  void sandbox.stop();
  if (process.connected) process.disconnect();
}
