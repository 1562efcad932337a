/** Queues. */
import { runTogether } from '../run-together.ts';

runTogether(['test/sources/*.test.ts']);
