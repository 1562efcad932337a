/** Cases. */
import { runTogether } from '../run-together.ts';

runTogether('test/{bulk,cases,explain,find,recordings}/*.test.ts', 'test/*.test.ts');
