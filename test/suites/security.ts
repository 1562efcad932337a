/** Personal data, limits and attacks; carts. */
import { runTogether } from '../run-together.ts';

runTogether(['test/{carts,safety,security}/*.test.ts']);
