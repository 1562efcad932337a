/** The pages, in the order of the navigation. A new page is one line here. */
import { activityPage } from './activity-page.ts';
import { deadLettersPage } from './dead-letters-page.ts';
import { explainPage } from './explain-page.ts';
import { findPage } from './find-page.ts';
import { overviewPage } from './overview-page.ts';
import type { DashboardPage } from './page.ts';
import { runPage } from './run-page.ts';
import { settingsPage } from './settings-page.ts';
import { syncsPage } from './syncs-page.ts';

export const pages: readonly [DashboardPage, ...DashboardPage[]] = [
  overviewPage,
  syncsPage,
  runPage,
  deadLettersPage,
  findPage,
  explainPage,
  activityPage,
  settingsPage,
];
