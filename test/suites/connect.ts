/** d */
import { runTogether } from '../run-together.ts';

runTogether('test/connect/*.test.ts');
