/** d */
import { runTogether } from '../run-together.ts';

runTogether('test/{deploy,package}/*.test.ts');
