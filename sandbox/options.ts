/** Command-line options of `npm run sandbox` and `ctk sandbox`. */
import { type Command, InvalidArgumentError } from 'commander';
import { usualPorts } from './ports.ts';

/** Parsed options. `pause` is in milliseconds; `limits` is a factor or `none`. */
export interface SandboxOptions {
  once?: true;
  seed: number;
  customers: number;
  orders: number;
  products: number;
  steps: number;
  pause: number;
  limits: string;
  carts?: true;
  port: number;
}

/** Adds description and options to a command. */
export function withSandboxOptions(command: Command): Command {
  return command
    .description('Local sandbox with demo data: mock APIs and the real service. Runs until Ctrl-C')
    .option(
      '--once',
      'run a fixed number of steps, compare expected and actual state, and exit 0 (equal) or 1 (different)',
    )
    .option('--seed <n>', 'seed of the demo data and of the live activity', number, 1)
    .option('--customers <n>', 'generated customers, in addition to the edge cases', number, 300)
    .option('--orders <n>', 'generated orders', number, 400)
    .option('--products <n>', 'generated products', number, 60)
    .option('--steps <n>', 'with --once: number of shopper and editor steps', number, 60)
    .option('--pause <ms>', 'milliseconds between two steps', number, 800)
    .option('--limits <share>', "share of Klaviyo's documented rate limits to enforce, or none", '1')
    .option('--carts', 'shoppers leave and restore carts, and the service sends their events')
    .option('--port <n>', 'port of the service; 0 picks free ports for all', number, usualPorts.dashboard);
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('Expected a non-negative integer.');
  return value;
}
