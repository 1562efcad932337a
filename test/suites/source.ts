/** Tests beside the code. */
import { runTogether } from '../run-together.ts';

runTogether('src/**/*.test.ts', 'scripts/**/*.test.ts');
