/** Runs. */
import { runTogether } from '../run-together.ts';

runTogether('test/runs/*.test.ts');
