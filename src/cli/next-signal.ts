/** Waits for the signal that ends a command. */

/**
 * @param ended the command has ended: a signal ends the process from then on
 * @returns the first SIGTERM or SIGINT. A second one ends the process at once, because the listeners are removed.
 */
export function nextSignal(ended?: AbortSignal): Promise<'SIGTERM' | 'SIGINT'> {
  return new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const;
    const stopListening = () => {
      for (const name of signals) process.off(name, onSignal);
    };
    const onSignal = (signal: NodeJS.Signals) => {
      stopListening();
      resolve(signal === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    };
    for (const name of signals) process.on(name, onSignal);
    ended?.addEventListener('abort', stopListening, { once: true });
  });
}
