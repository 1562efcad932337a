/** Evaluates the rules of a group: loads the facts of each record once and calls every selected rule with them. */
import { z } from 'zod';
import { CommercetoolsError, malformedKeyCode } from '../commercetools/errors.ts';
import type { Message } from '../commercetools/messages.ts';
import { LookupUnavailable, toError } from '../lib/errors.ts';
import {
  type FactsLoader,
  type RecordRef,
  type Rule,
  type RuleContext,
  type RuleEvaluation,
  type RuleGroup,
  type Subjects,
  skip,
} from './types.ts';

const identified = z.looseObject({ id: z.string(), version: z.number().optional() });

export function createRuleGroup<Subject, Facts, Need extends string>(
  loader: FactsLoader<Subject, Facts, Need>,
  rules: readonly Rule<Facts, Need>[],
): RuleGroup {
  async function evaluate(
    subject: Subject,
    names: ReadonlySet<string>,
    context: RuleContext,
  ): Promise<RuleEvaluation[]> {
    const record = loader.refOf(subject);
    const customerId = loader.customerIdOf?.(subject);
    if (customerId !== undefined && (await context.isErased?.(customerId)))
      return [{ outcome: 'skipped', record, reason: 'customer erased' }];
    const selected = rules.filter((rule) => names.has(rule.name));
    const needs = new Set(selected.flatMap((rule) => rule.needs ?? []));
    let facts: Facts;
    try {
      facts = await loader.load(subject, { ...context, needs });
    } catch (thrown) {
      if (thrown instanceof z.ZodError) return [unreadable(record, thrown)];
      if (isRefusedLookup(thrown)) return [refused(record, thrown)];
      if (thrown instanceof CommercetoolsError || thrown instanceof LookupUnavailable) throw thrown;
      // An error of this record alone: it must not end the run that reads it.
      return [{ outcome: 'failed', record, rule: '', error: toError(thrown) }];
    }
    return selected.map((rule): RuleEvaluation => {
      try {
        return { outcome: 'mapped', record, rule: rule.name, output: rule.map(facts, context.settings) };
      } catch (thrown) {
        return { outcome: 'failed', record, rule: rule.name, error: toError(thrown) };
      }
    });
  }

  /** Returns the rules that send nothing for the cause, before anything is read for them. */
  async function skippedRules(
    names: ReadonlySet<string>,
    { record, context }: { record: RecordRef; context: RuleContext },
  ): Promise<RuleEvaluation[]> {
    const evaluations = await Promise.all(
      rules
        .filter(({ name }) => names.has(name))
        .map(async (rule): Promise<RuleEvaluation[]> => {
          const reason = await rule.reasonToSkip?.(context);
          return reason === undefined ? [] : [{ outcome: 'mapped', record, rule: rule.name, output: skip(reason) }];
        }),
    );
    return evaluations.flat();
  }
  return {
    typeId: loader.typeId,
    rules,
    async evaluateMessage(message, names, context) {
      const record = refOfMessage(message);
      let skipped: RuleEvaluation[];
      let found: Subjects<Subject>;
      try {
        skipped = await skippedRules(names, { record, context });
        if (skipped.length === names.size) return skipped;
        found = await loader.fromMessage(message, context);
      } catch (thrown) {
        if (thrown instanceof z.ZodError) return [unreadable(record, thrown)];
        if (isRefusedLookup(thrown)) return [refused(record, thrown)];
        throw thrown;
      }
      if ('skip' in found) return [{ outcome: 'skipped', record, reason: found.skip }];
      const others = names.difference(new Set(skipped.map((evaluation) => 'rule' in evaluation && evaluation.rule)));
      const evaluations = await Promise.all(found.subjects.map((subject) => evaluate(subject, others, context)));
      return [...skipped, ...evaluations.flat()];
    },
    async evaluateRecords(records, names, context) {
      const evaluations = await Promise.all(
        records.map(async (record): Promise<RuleEvaluation[]> => {
          const parsed = loader.schema.safeParse(record);
          if (!parsed.success) return [unreadable(refOfRecord(loader.typeId, record), parsed.error)];
          return evaluate(parsed.data, names, context);
        }),
      );
      return evaluations.flat();
    },
  };
}

/** A lookup that commercetools refuses concerns this record alone, and would be refused again. */
function isRefusedLookup(thrown: unknown): thrown is CommercetoolsError {
  return thrown instanceof CommercetoolsError && thrown.type === 'rejected';
}

function refused(record: RecordRef, error: CommercetoolsError): RuleEvaluation {
  if (error.code === malformedKeyCode) return { outcome: 'unreadable', record, path: '', reason: error.message };
  return { outcome: 'failed', record, rule: '', error };
}

function unreadable(record: RecordRef, error: z.ZodError): RuleEvaluation {
  const issue = error.issues[0];
  return { outcome: 'unreadable', record, path: issue?.path.join('.') ?? '', reason: issue?.code ?? 'invalid' };
}

function refOfMessage(message: Message): RecordRef {
  const { resource, resourceVersion } = message;
  return { ...resource, ...(resourceVersion === undefined ? {} : { version: resourceVersion }) };
}

function refOfRecord(typeId: string, record: unknown): RecordRef {
  const parsed = identified.safeParse(record);
  return { typeId, id: parsed.success ? parsed.data.id : '?' };
}
