/** Browser tests: the real server, the real Chromium of the system, one page at a time. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '../tests/browser',
  outputDir: 'test-results/traces',
  reporter: 'list',
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 20_000 },
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      chromiumSandbox: false,
    },
    locale: 'fr-FR',
    timezoneId: 'Europe/Paris',
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    actionTimeout: 20_000,
    // A worker answers in the place of a server that a test stopped on purpose; offline.spec.ts wants that.
    serviceWorkers: 'block',
  },
});
