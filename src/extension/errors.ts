/** A merchant's code threw, or returned what can't be sent: a row of the table that decides, like a fault of our own. */

/** Holds no message of the merchant's: it may quote the record. Its name is what logs and dead letters show. */
export class ExtensionError extends Error {
  /** Where the merchant's code threw; enumerable, so that a line of the log shows it. */
  readonly frames: readonly string[];
  constructor(what: string, thrown?: unknown) {
    super(what);
    this.name = what;
    this.frames = thrown instanceof Error ? framesOf(thrown) : [];
    Object.defineProperty(this, 'name', { enumerable: true });
  }
}

/**
 * @param where such as `hooks.event`
 * @returns what the merchant's code returned
 * @throws ExtensionFailure when it threw
 */
export function callExtension(where: string, code: () => unknown): unknown {
  try {
    return code();
  } catch (thrown) {
    const what = thrown instanceof Error ? thrown.constructor.name : 'something that is no Error';
    throw new ExtensionError(`${where} threw ${what}`, thrown);
  }
}

const maxFrames = 5;

/** Without the first lines, which repeat the message. */
function framesOf({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, maxFrames)
    .map((line) => line.trim());
}
