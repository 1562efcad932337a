/** Orders. */
import { runTogether } from '../run-together.ts';

runTogether('test/mapping/order*.test.ts');
