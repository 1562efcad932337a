/** Commands that need a process of their own, and the commands of the README. */
import { runTogether } from '../run-together.ts';

runTogether(['test/cli/[is]*.test.ts', 'test/readme.test.ts']);
