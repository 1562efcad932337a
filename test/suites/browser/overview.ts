/** The dashboard in Chromium: the overview, dead letters, find and the live check. */
import { runTogether } from '../../run-together.ts';

runTogether(['test/dashboard/[!ps]*.test.ts']);
