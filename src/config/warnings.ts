/** What somebody may not expect of who may push and who may call; told at start and by `ctk check`. */

import { acceptsPushes } from '../sources/index.ts';
import type { Config } from './config.ts';

export function warningsOf({ realtime, bulk, allowUnauthenticatedPush, apiTokens, arrivals }: Config): string[] {
  const told: string[] = [];
  if (realtime && allowUnauthenticatedPush)
    told.push('ALLOW_UNAUTHENTICATED_PUSH is true: whoever reaches POST / can send messages');
  const pulls = arrivals.sqs !== undefined || arrivals.kafka !== undefined;
  if (realtime && !allowUnauthenticatedPush && !pulls && !acceptsPushes(arrivals))
    told.push(
      'POST / takes messages from this machine only: set what proves the sender (docs/security.md), or ALLOW_UNAUTHENTICATED_PUSH=true where the platform alone can reach it',
    );
  if (bulk && apiTokens.full.length + apiTokens.readOnly.length === 0)
    told.push('API_TOKEN is not set: /sync serves callers on this machine only');
  return told;
}
