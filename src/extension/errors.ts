/** Error of a hook or custom rule: it threw, or its result can't be sent. It is handled like an internal error. */

/**
 * Contains no message of the thrown error, which may quote personal data. Logs and dead letters show the name, so it
 * contains the description.
 */
export class ExtensionError extends Error {
  /** Stack frames of the thrown error; enumerable, so that the log contains them. */
  readonly frames: readonly string[];
  constructor(description: string, thrown?: unknown) {
    super(description);
    this.name = description;
    this.frames = thrown instanceof Error ? framesOf(thrown) : [];
    Object.defineProperty(this, 'name', { enumerable: true });
  }
}

/** Calls a hook or custom rule; `where` names it in errors. @throws ExtensionError when the code throws */
export function callExtension(where: string, code: () => unknown): unknown {
  try {
    return code();
  } catch (thrown) {
    const type = thrown instanceof Error ? thrown.constructor.name : 'a value that is not an Error';
    throw new ExtensionError(`${where} threw ${type}`, thrown);
  }
}

const maxFrames = 5;

function framesOf({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, maxFrames)
    .map((line) => line.trim());
}
