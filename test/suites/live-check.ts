/** The live check. */
import { runTogether } from '../run-together.ts';

runTogether(['test/live-check/*.test.ts']);
