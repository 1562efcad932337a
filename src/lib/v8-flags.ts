/** Flags of V8 that a process sets itself, before it sends its first request. */
import { setFlagsFromString } from 'node:v8';

/**
 * The only WebAssembly is undici's parser of HTTP. V8's optimising compiler takes 10 MB for it that are never returned, and the
 * parser is no faster.
 */
export function setV8Flags(): void {
  for (const flag of ['--liftoff-only', '--no-wasm-tier-up']) setFlagsFromString(flag);
}
