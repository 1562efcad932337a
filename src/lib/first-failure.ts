/** Runs repeated work, such as polling, whose failures are expected to last. */

/** @returns a function that runs the work and never rejects; `report` gets the first failure of each series */
export function reportFirstFailure(report: (thrown: unknown) => void): (work: () => Promise<void>) => Promise<void> {
  let failing = false;
  return async (work) => {
    try {
      await work();
      failing = false;
    } catch (thrown) {
      if (!failing) report(thrown);
      failing = true;
    }
  };
}
