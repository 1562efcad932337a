/** Evaluates selected rules: for a message, or for records that were read. The only caller of rule groups. */
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { Message } from '../../commercetools/messages.ts';
import type { ProfileLookups } from '../../klaviyo/profile-lookups.ts';
import type { RuleSelection } from '../../rules/select-rules.ts';
import type { RuleSettings } from '../../rules/settings.ts';
import type { Cause, RuleContext, RuleEvaluation } from '../../rules/types.ts';
import { inSpan } from '../../telemetry/span.ts';

export interface EvaluateDeps {
  settings: RuleSettings;
  lookups: Lookups;
  profiles: ProfileLookups;
  /** Whether the customer was erased; absent: no customer is. */
  isErased?: RuleContext['isErased'];
  /** The clock; read once per call, so that all rules see the same time. */
  now(): Date;
}

/** A message, or records of one resource as the API returned them; rules parse them. */
export type EvaluationInput = { message: Message } | { records: readonly unknown[] };

/**
 * Loads facts and maps them to changes. Rejects with a CommercetoolsError or LookupUnavailable if a lookup fails.
 * @returns one evaluation for each selected rule and record, or one for a record that is skipped as a whole or unreadable; a
 * rule that throws yields the outcome `failed`
 */
export type Evaluate = (input: EvaluationInput, rules: RuleSelection, cause: Cause) => Promise<RuleEvaluation[]>;

export function createEvaluate({ settings, lookups, profiles, isErased, now }: EvaluateDeps): Evaluate {
  return async (input, rules, cause) => {
    const context = { lookups, profiles, cause, at: now(), settings, isErased };
    const evaluations = await inSpan('evaluate', {}, () =>
      Promise.all(
        [...rules].map(([group, names]) =>
          'message' in input
            ? group.evaluateMessage(input.message, names, context)
            : group.evaluateRecords(input.records, names, context),
        ),
      ),
    );
    return evaluations.flat();
  };
}
