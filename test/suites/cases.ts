/** What came in wrong in systems like this one, the real Klaviyo's answers, and what Klaviyo would get. */
import { runTogether } from '../run-together.ts';

runTogether(['test/{bulk,cases,explain,find,recordings}/*.test.ts']);
