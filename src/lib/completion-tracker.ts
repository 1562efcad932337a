/** Tracks work that starts in order and completes in any order: reports an item once all items before it are done too. */

export function createCompletionTracker() {
  const open: { onCompleted: () => void; done: boolean }[] = [];
  return {
    /** @param onCompleted called once, in the order of `begin`, when this item and all earlier ones are done */
    begin(onCompleted: () => void): { done(): void } {
      const item = { onCompleted, done: false };
      open.push(item);
      return {
        done() {
          item.done = true;
          for (let first = open[0]; first?.done; first = open[0]) {
            open.shift();
            first.onCompleted();
          }
        },
      };
    },
  };
}
