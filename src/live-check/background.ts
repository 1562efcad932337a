/** Runs the live check in a service, one at a time, so that the dashboard can start and watch it. */
import type { LiveCheckPlan } from './checks.ts';
import { planOf } from './checks.ts';
import { type LiveCheckDeps, type LiveCheckResult, runLiveCheck } from './run-live-check.ts';

export interface BackgroundLiveCheck {
  plan: LiveCheckPlan;
  /** The caller has the user's consent to the plan. @returns false if it is running already */
  start(): boolean;
  /** `activity` while it is running, `result` of the last one of this process. */
  status(): { activity?: string; result?: LiveCheckResult };
  /** Stops the check, and resolves when its records are removed. */
  shutdown(): Promise<void>;
}

export function createBackgroundLiveCheck(deps: LiveCheckDeps): BackgroundLiveCheck {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let activity = '';
  let result: LiveCheckResult | undefined;

  async function execute(): Promise<void> {
    const onActivity = (next: string) => {
      activity = next;
    };
    result = await runLiveCheck(deps, { signal: stopping.signal, onActivity });
    running = undefined;
  }

  return {
    plan: planOf({}),
    start() {
      if (running || stopping.signal.aborted) return false;
      result = undefined;
      running = execute();
      return true;
    },
    status: () => ({ ...(running ? { activity } : {}), ...(result ? { result } : {}) }),
    async shutdown() {
      stopping.abort();
      await running;
    },
  };
}
