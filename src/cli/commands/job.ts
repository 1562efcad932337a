/** `ctk job`: the job application of commercetools Connect. */
import { type Command, InvalidArgumentError } from 'commander';
import { createJob } from '../../app/job.ts';
import { nextSignal } from '../next-signal.ts';
import { createLog } from '../output/log.ts';
import type { Terminal } from '../output/terminal.ts';
import { loadConfig } from '../with-services.ts';

export function define(command: Command, terminal: Terminal): void {
  command
    .option(
      '--time-limit <seconds>',
      'how long a request executes runs; the next one resumes them (default: 1620)',
      secondsOf,
    )
    .action(async ({ timeLimit }: { timeLimit?: number }) => {
      const stop = nextSignal();
      const config = loadConfig();
      const timeLimitMs = timeLimit === undefined ? undefined : timeLimit * 1_000;
      const job = createJob(config, await createLog(config.logLevel, terminal), { timeLimitMs });
      await job.start();
      const signal = await stop;
      job.events.emit({ type: 'stopping', reason: signal });
      await job.stop();
    });
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('must be a number of seconds, such as 240');
  return seconds;
}
