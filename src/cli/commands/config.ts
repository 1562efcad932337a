/** `ctk config`: prints the effective configuration. */
import type { Command } from 'commander';
import { processEnvironment, showConfig } from '../../config/config.ts';
import { nextTimes } from '../../engine/runs/scheduler.ts';
import type { Terminal } from '../output/terminal.ts';
import { loadConfig } from '../with-services.ts';

export function addConfig(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .description('print what is in force, secrets as ***, and when syncs start by themselves')
    .action(() => {
      const config = loadConfig();
      const nextSyncs = nextTimes(config.settings.schedule, new Date());
      terminal.json({ ...showConfig(processEnvironment(), config), nextSyncs });
    });
}
