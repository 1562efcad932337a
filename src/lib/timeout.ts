/** Waits for a result, but not for ever. */

/**
 * @param work called after the time has started
 * @returns the result, or the fallback once the time has passed; the work then goes on unobserved
 */
export async function withTimeout<Result>(work: () => Promise<Result>, ms: number, fallback: Result): Promise<Result> {
  const timeout = Promise.withResolvers<Result>();
  const timer = setTimeout(() => timeout.resolve(fallback), ms);
  try {
    return await Promise.race([work(), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
