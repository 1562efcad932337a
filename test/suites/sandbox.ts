/** Tests of the sandbox, and of the contracts. */
import { runTogether } from '../run-together.ts';

runTogether('sandbox/**/*.test.ts', 'test/contract/**/*.test.ts');
