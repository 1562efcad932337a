/** Why a run does not complete. */

/** The run can't continue: too many internal errors, or a request that an API rejects. Its message is shown to operators. */
export class RunFailed extends Error {
  override name = 'RunFailed';
}

/** The run stops before its end. */
export class RunEnded extends Error {
  override name = 'RunEnded';
  /** stop: for good; hand-over: this process ends, another one continues; lost: another process holds the lease. */
  readonly reason: 'stop' | 'hand-over' | 'lost';
  constructor(reason: RunEnded['reason']) {
    super(`the run ends early: ${reason}`);
    this.reason = reason;
  }
}
