/** Runs the live checks one after the other, removes their records, and stores what they found. */
import { randomUUID } from 'node:crypto';
import type { ApiFindings } from '../engine/api-findings.ts';
import { messageOf } from '../lib/errors.ts';
import { checksFor } from './checks.ts';
import { createCleanup } from './cleanup.ts';
import { UnverifiableError } from './errors.ts';
import {
  type FactFinding,
  factFinding,
  type LiveCheck,
  type LiveCheckContext,
  type LiveCheckLimits,
  type LiveFinding,
} from './live-check.ts';

export interface LiveCheckDeps
  extends Pick<LiveCheckContext, 'klaviyo' | 'commercetools' | 'klaviyoUrl' | 'commercetoolsUrl' | 'now'> {
  findings: Pick<ApiFindings, 'write'>;
}

export interface LiveCheckOptions extends Pick<LiveCheckContext, 'destination' | 'signal'> {
  limits?: LiveCheckLimits | undefined;
  /** Called when another check starts, or the removal of its records. */
  onActivity?(activity: string): void;
}

export interface LiveCheckResult {
  findings: LiveFinding[];
  /** Test records that may still be there, each with the reason; without those that can't be removed at all. */
  remaining: string[];
  /** Why the findings could not be stored; absent if they were. */
  notStored?: string;
}

/** Klaviyo lists events some time after it has accepted them; the slowest recorded catalogue job took 274 s. */
const usualLimits: LiveCheckLimits = { listingMs: 180_000, jobMs: 600_000 };

/** Runs all checks. Never rejects: a failure is a finding. The caller has the user's consent to `planOf(options)`. */
export async function runLiveCheck(deps: LiveCheckDeps, options: LiveCheckOptions): Promise<LiveCheckResult> {
  const { destination, signal, limits = usualLimits, onActivity = () => undefined } = options;
  const cleanup = createCleanup();
  const mark = `ctk-live-check-${randomUUID().slice(0, 8)}`;
  const context: LiveCheckContext = { ...deps, mark, destination, limits, cleanup, signal };
  const findings: LiveFinding[] = [];
  const remaining: string[] = [];
  for (const check of checksFor(options)) {
    onActivity(check.title);
    findings.push(...(await findingsOf(check, context)));
    onActivity(`removing the records of: ${check.title}`);
    remaining.push(...(await cleanup.removeAll()));
  }
  const failure = await store(deps.findings, findings);
  return { findings, remaining, ...(failure === undefined ? {} : { notStored: failure }) };
}

async function findingsOf(check: LiveCheck, context: LiveCheckContext): Promise<LiveFinding[]> {
  const found = new Map<string, FactFinding>();
  let reason = 'the API gave no answer to it';
  try {
    context.signal.throwIfAborted();
    await check.run(context, (fact, finding) => found.set(fact, finding));
  } catch (thrown) {
    reason = context.signal.aborted ? 'the check was stopped' : reasonOf(thrown);
  }
  const unverified = factFinding('unverified')('not verified', reason);
  return check.facts.map(({ name, expected }) => ({ fact: name, expected, ...(found.get(name) ?? unverified) }));
}

/** Another exception is an error of the check itself. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof UnverifiableError ? thrown.message : `the check failed: ${messageOf(thrown)}`;
}

/** What could not be verified leaves the finding of an earlier check as it is. @returns why it failed */
async function store(findings: LiveCheckDeps['findings'], found: readonly LiveFinding[]): Promise<string | undefined> {
  const verified = found.filter(({ state }) => state !== 'unverified');
  if (verified.length === 0) return undefined;
  const entries = verified.map(({ fact, found: value, ...details }) => [fact, { value, details }] as const);
  return findings.write(Object.fromEntries(entries)).then(
    () => undefined,
    (thrown: unknown) => messageOf(thrown),
  );
}
