/** Commands that mostly run in the process of their test. */
import { runTogether } from '../run-together.ts';

runTogether(['test/cli/[!is]*.test.ts']);
