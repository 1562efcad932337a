/** The sandbox, and the requests of the tests against the descriptions of both APIs. */
import { runTogether } from '../run-together.ts';

runTogether(['{sandbox,test/contract}/**/*.test.ts']);
