/** `test` with a fresh server for each test, and eyes on everything that its pages do. */
import { test as base, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';
import { rmSync } from 'node:fs';
import { FREE, importDemo, Site, temporaryFolder } from './site';
import { Watch } from './watch';

export { expect } from '@playwright/test';
export type { Page } from '@playwright/test';

interface Fixtures {
  /** An installation without any territory. */
  empty: boolean;
  /** Arguments of `bouillon serve`; free limits by default. */
  serve: readonly string[];
  site: Site;
  watch: Watch;
  /** A page in a browser of its own: somebody else. */
  somebody: (options?: BrowserContextOptions) => Promise<Page>;
}

export const test = base.extend<Fixtures, { demo: string }>({
  demo: [
    async ({}, use) => {
      const data = temporaryFolder();
      importDemo(data);
      await use(data);
      rmSync(data, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
  empty: [false, { option: true }],
  serve: [FREE, { option: true }],
  site: async ({ demo, empty, serve }, use) => {
    const site = await Site.start(empty ? null : demo, serve);
    await use(site);
    await site.remove();
  },
  baseURL: async ({ site }, use) => use(site.url),
  watch: async ({ site }, use) => {
    const watch = new Watch();
    watch.trust(site.url);
    await use(watch);
    watch.check();
  },
  context: async ({ context, watch }, use) => {
    watch.on(context);
    await use(context);
  },
  somebody: async ({ browser, contextOptions, baseURL, watch }, use) => {
    const opened: BrowserContext[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ ...contextOptions, baseURL, ...options });
      opened.push(context);
      watch.on(context);
      return context.newPage();
    });
    for (const context of opened) await context.close();
  },
});

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
export const DESK: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

/** The map has drawn everything it asked for. Pages opened with `?test` only. */
export async function mapIdle(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const map = (window as unknown as { __map?: { loaded(): boolean; areTilesLoaded(): boolean } }).__map;
      return map?.loaded() && map.areTilesLoaded() && document.documentElement.dataset.mapIdle === '1';
    },
    null,
    { timeout: 60_000 },
  );
}
