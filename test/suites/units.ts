/** Tests beside the code, and of the project as a whole. */
import { runTogether } from '../run-together.ts';

runTogether(['{scripts,src}/**/*.test.ts', 'test/{house,troubleshooting}.test.ts']);
