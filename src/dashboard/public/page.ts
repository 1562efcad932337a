/** What a page of the dashboard consists of. pages.ts lists all. */
import type { TemplateResult } from 'lit-html';

export interface DashboardPage {
  /** The first part of the address: `#key`, and what follows it after slashes. */
  key: string;
  /** Heading and title. */
  name: string;
  /** The page that the navigation shows as current, for a page that it does not list. */
  parent?: string;
  show(): TemplateResult;
  /** Called when the page is opened. @param rest the parts of the address after the key, decoded */
  load?(rest: readonly string[]): void;
}
