/** cli */
import { runTogether } from '../run-together.ts';

runTogether('test/cli/[is]*.test.ts');
