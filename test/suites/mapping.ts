/** Customers, the catalogue and stock. */
import { runTogether } from '../run-together.ts';

runTogether('test/mapping/[!o]*.test.ts');
