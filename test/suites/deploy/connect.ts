/** The applications of commercetools Connect. */
import { runTogether } from '../../run-together.ts';

runTogether(['test/connect/*.test.ts']);
