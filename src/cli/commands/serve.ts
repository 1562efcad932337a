/** `ctk serve`: runs the service until SIGTERM or SIGINT. */
import type { Command } from 'commander';
import { createService } from '../../app/service.ts';
import { nextSignal } from '../next-signal.ts';
import { createLog } from '../output/log.ts';
import type { Terminal } from '../output/terminal.ts';
import { loadConfig } from '../with-services.ts';

export function define(command: Command, terminal: Terminal): void {
  command.action(async () => {
    // Listens before the start, so that a signal during the start shuts down properly, too.
    const stop = nextSignal();
    const config = loadConfig();
    const service = createService(config, await createLog(config.logLevel, terminal));
    await service.start();
    const signal = await stop;
    service.events.emit({ type: 'stopping', reason: signal });
    await service.stop();
  });
}
