/** d */
import { runTogether } from '../run-together.ts';

runTogether('test/dashboard/[ps]*.test.ts');
