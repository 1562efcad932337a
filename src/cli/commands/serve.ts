/** `ctk serve`: runs the service until SIGTERM or SIGINT. */
import type { Command } from 'commander';
import { createService } from '../../app/service.ts';
import { nextSignal } from '../next-signal.ts';
import { createLog } from '../output/log.ts';
import type { Terminal } from '../output/terminal.ts';
import { configured } from '../with-services.ts';

export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('run the service: realtime at POST /, bulk at /sync, until SIGTERM')
    .action(async () => {
      // From the first moment: what is told to stop while it starts stops in order as well.
      const stop = nextSignal();
      const config = configured();
      const app = createService(config, createLog(config.logLevel, terminal));
      await app.start();
      const signal = await stop;
      app.events.emit({ type: 'stopping', reason: signal });
      await app.stop();
    });
}
