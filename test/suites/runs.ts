/** Runs of bulk syncs and follow-ups. */
import { runTogether } from '../run-together.ts';

runTogether(['test/runs/*.test.ts']);
