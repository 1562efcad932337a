/** `ctk job`: the job application of commercetools Connect. */
import type { Command } from 'commander';
import { createComponents } from '../../app/components.ts';
import type { Config } from '../../config/config.ts';
import { buildJobServer } from '../../http/job-server.ts';
import { nextSignal } from '../next-signal.ts';
import { createLog } from '../output/log.ts';
import type { Terminal } from '../output/terminal.ts';
import { loadConfig } from '../with-services.ts';

export function addJob(program: Command, terminal: Terminal): void {
  program
    .command('job')
    .description('run as a job of commercetools Connect: each POST syncs everything, until SIGTERM')
    .action(async () => {
      const stop = nextSignal();
      const config: Config = { ...loadConfig(), runWorker: true, bulk: true };
      const components = createComponents(config, createLog(config.logLevel, terminal));
      await components.trace();
      components.runs.open();
      const stopping = new AbortController();
      const server = buildJobServer({ runs: components.runs, signal: stopping.signal });
      await server.listen({ port: config.ports[0]?.port ?? 0, host: config.host });
      const signal = await stop;
      components.events.emit({ type: 'stopping', reason: signal });
      stopping.abort();
      await components.stop();
      await server.close();
    });
}
