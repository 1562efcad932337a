/** The dashboard in Chromium: every page, sessions and syncs. */
import { runTogether } from '../../run-together.ts';

runTogether(['test/dashboard/[ps]*.test.ts']);
