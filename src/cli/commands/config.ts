/** `ctk config`: prints the effective configuration. */
import type { Command } from 'commander';
import { showConfig } from '../../config/config.ts';
import { processEnvironment } from '../../config/process-environment.ts';
import { nextTimes } from '../../engine/runs/scheduler.ts';
import type { Terminal } from '../output/terminal.ts';
import { loadConfig } from '../with-services.ts';

export function define(command: Command, terminal: Terminal): void {
  command.action(() => {
    const config = loadConfig();
    const nextSyncs = nextTimes(config.settings.schedule, new Date());
    terminal.json({ ...showConfig(processEnvironment(), config), nextSyncs });
  });
}
