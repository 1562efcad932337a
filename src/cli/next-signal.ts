/** Waits for the signal that ends a command. */

/** @returns the first SIGTERM or SIGINT. A second one ends the process at once, because the listeners are removed. */
export function nextSignal(): Promise<'SIGTERM' | 'SIGINT'> {
  return new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const;
    const onSignal = (signal: NodeJS.Signals) => {
      for (const name of signals) process.off(name, onSignal);
      resolve(signal === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    };
    for (const name of signals) process.on(name, onSignal);
  });
}
