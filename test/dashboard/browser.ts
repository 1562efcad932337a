/** Chromium with the dashboard of a real service; collects console errors and requests. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { z } from 'zod';

/** Long enough for a busy machine; what is waited for comes much sooner. */
const timeoutMs = 30_000;
/** Folder for screenshots; none are taken without it. */
const pictures = process.env.CTK_SCREENSHOTS;
const violations = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));

/** The first of these that is installed: the shell is Chromium without what only a window needs, at half the CPU. */
const programs = ['chromium-headless-shell', 'chromium'];

/** @throws where there is no Chromium, with what to install */
export async function startBrowser(): Promise<Browser> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const executablePath = programs
    .flatMap((program) => folders.map((folder) => join(folder, program)))
    .find((file) => existsSync(file));
  assert.ok(
    executablePath,
    'there is no Chromium on this machine: apt-get install chromium-headless-shell (as .ci/run does)',
  );
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface Appearance {
  width?: number;
  colors?: 'light' | 'dark';
}

export interface Visit {
  page: Page;
  /** What the browser's console and the page's own errors said. */
  consoleErrors: string[];
  /** Every address that was asked for. */
  asked: string[];
  picture(name: string): Promise<void>;
  /** Nothing that axe-core finds, and nothing to be scrolled sideways. */
  isUsable(): Promise<void>;
  close(): Promise<void>;
}

export async function visit(browser: Browser, address: string, appearance: Appearance = {}): Promise<Visit> {
  const { width = 1280, colors = 'light' } = appearance;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: colors });
  // The page's policy lets no script in but its own: axe-core comes by the debugger.
  const page = await context.newPage();
  page.setDefaultTimeout(timeoutMs);
  const consoleErrors: string[] = [];
  const asked: string[] = [];
  page.on('console', (said) => {
    if (said.type() === 'error' || said.type() === 'warning') consoleErrors.push(said.text());
  });
  page.on('pageerror', (error) => consoleErrors.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  return {
    page,
    consoleErrors,
    asked,
    async picture(name) {
      if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    },
    async isUsable() {
      await page.evaluate(axe.source);
      const found = violations.parse(await page.evaluate('axe.run().then(({ violations }) => violations)'));
      assert.deepEqual(
        found.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]),
        [],
      );
      const wide = z
        .number()
        .parse(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
      assert.equal(wide, 0, 'nothing is to be scrolled sideways');
    },
    close: () => context.close(),
  };
}
