/** The options of `npm run sandbox` and `ctk sandbox`: the same. */
import { type Command, InvalidArgumentError } from 'commander';

export interface SandboxOptions {
  once?: true;
  seed: number;
  customers: number;
  orders: number;
  products: number;
  steps: number;
  pause: number;
  limits: string;
  port: number;
}

export function withSandboxOptions(command: Command): Command {
  return command
    .description('a shop in a box: both APIs pretended, the real service between them, until Ctrl-C')
    .option('--once', 'a fixed amount, then compare both sides and exit: 0 equal, 1 with the differences')
    .option('--seed <n>', 'the same seed gives the same shop', number, 1)
    .option('--customers <n>', 'ordinary customers, besides the odd cases', number, 300)
    .option('--orders <n>', 'ordinary orders', number, 400)
    .option('--products <n>', 'ordinary products', number, 60)
    .option('--steps <n>', 'with --once: steps of shopper and editor', number, 60)
    .option('--pause <ms>', 'milliseconds between two steps', number, 800)
    .option('--limits <share>', "part of Klaviyo's documented rate limits that holds, or none", '1')
    .option('--port <n>', "the service's port; 0: any free one", number, 0);
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is meant.');
  return value;
}
