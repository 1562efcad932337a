/** Collections of garbage by V8 that this process asks for itself. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** `all` also returns to the system what the heap does not need; the next work then takes a little longer. */
export type Collection = 'garbage' | 'all';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'regular' | 'last-resort' }) => void;

const flavors = { garbage: 'regular', all: 'last-resort' } as const;

/** @returns a function that collects now and takes some hundred milliseconds of a full heap */
export function createCollector(): (collection: Collection) => void {
  let collect: Collect | undefined;
  return (collection) => {
    collect ??= exposed();
    collect?.({ type: 'major', execution: 'sync', flavor: flavors[collection] });
  };
}

/** V8 offers a collection to scripts only while this flag is set. */
function exposed(): Collect | undefined {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof gc === 'function' ? (options) => void gc(options) : undefined;
}
