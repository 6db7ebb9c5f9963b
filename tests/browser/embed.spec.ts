import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { add } from './support/adding';
import { actorNamed, MAP, SLUG } from './support/api';
import { expect, test as base, type Page } from './support/test';

/** Somebody else's site: another origin, and another site for cookies. */
class Host {
  body = '';
  url = '';
  readonly server: Server = createServer((_, answer) => {
    answer.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    answer.end(
      `<!doctype html><html lang="fr"><head><title>Mairie</title><link rel="icon" href="data:,"></head>` +
        `<body style="margin:0;min-height:3000px"><h1>Ma commune</h1>${this.body}</body></html>`,
    );
  });
}
const test = base.extend<{ host: Host }>({
  host: async ({ watch }, use) => {
    const host = new Host();
    await new Promise<void>((listening) => host.server.listen(0, '127.0.0.1', listening));
    host.url = `http://localhost:${(host.server.address() as AddressInfo).port}`;
    watch.trust(host.url);
    await use(host);
    host.server.closeAllConnections();
    host.server.close();
  },
});

/** Looks at every request of the frame for a cookie, and at every answer for a new one. */
function cookies(page: Page, origin: string) {
  const seen: string[] = [];
  const done: Promise<void>[] = [];
  page.on('response', (answer) => {
    if (!answer.url().startsWith(origin)) return;
    done.push(
      (async () => {
        if ((await answer.request().allHeaders()).cookie) seen.push(`sent to ${answer.url()}`);
        if ((await answer.allHeaders())['set-cookie']) seen.push(`set by ${answer.url()}`);
      })().catch(() => undefined),
    );
  });
  return async () => {
    await Promise.all(done);
    expect(done.length).toBeGreaterThan(3);
    return seen;
  };
}

test('a foreign page shows the map in a frame, without a cookie, and its wheel still scrolls the page', async ({
  page,
  host,
  site,
}) => {
  // This browser already has an identity here: the frame must not use it.
  await page.goto(`${MAP}?nomap`);
  await add(page, 'Cookie à la framboise');
  // The map page has asked for all it needs, with its cookie, before the frame is listened to.
  await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
  const before = await page.context().cookies();
  expect(before.length).toBeGreaterThan(0);

  const heard = cookies(page, site.url);
  host.body = `<iframe title="Acteurs" src="${site.url}/embed/${SLUG}?category=SOL,ALI&amp;test" width="100%" height="520"></iframe>`;
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.locator('.embed-foot')).toContainText('23 acteurs');
  await expect(frame.locator('canvas')).toBeVisible({ timeout: 60_000 });
  const inner = page.frames().at(-1)!;
  const zoom = () =>
    inner.evaluate(() => (window as unknown as { __map: { getZoom(): number } }).__map.getZoom());
  await inner.waitForFunction(() => document.documentElement.dataset.mapIdle === '1', null, {
    timeout: 60_000,
  });

  const zoomed = await zoom();
  await page.mouse.move(600, 300);
  await page.mouse.wheel(0, 400);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(200);
  expect(await zoom()).toBe(zoomed);
  await page.evaluate(() => scrollTo(0, 0));

  await frame.getByRole('button', { name: 'Liste' }).click();
  await expect(frame.getByTestId('list').getByRole('link').first()).toBeVisible();
  await expect(frame.getByRole('button', { name: /Ajouter/ })).toHaveCount(0);
  expect(await heard()).toEqual([]);
  expect(await page.context().cookies()).toEqual(before);

  const popup = page.waitForEvent('popup');
  await frame.getByRole('link', { name: 'Ouvrir dans Bouillon' }).click();
  const opened = await popup;
  await expect(opened).toHaveURL(new RegExp(`${MAP}\\?category=SOL,ALI`));
  await expect(opened.getByTestId('count')).toContainText('23 acteurs');
});

test('what the embed asks for carries no cookie, even on our own site', async ({ page }) => {
  await page.goto(`${MAP}?nomap`);
  await add(page, 'Cookie au sésame');
  const asked: Promise<Record<string, string>>[] = [];
  page.on('request', (one) => {
    if (one.resourceType() === 'fetch') asked.push(one.allHeaders());
  });
  await page.goto(`/embed/${SLUG}?test`);
  await page.waitForFunction(() => document.documentElement.dataset.mapIdle === '1', null, {
    timeout: 60_000,
  });
  const headers = await Promise.all(asked);
  expect(headers.length).toBeGreaterThan(3);
  expect(headers.filter((one) => one.cookie)).toEqual([]);
});

test('no other page may be framed', async ({ page, host, site, request, watch }) => {
  watch.allow(/frame-ancestors|ERR_BLOCKED_BY_RESPONSE|chrome-error/);
  const { id } = (await actorNamed(request, 'Radio Vernelle')).properties;
  const paths = ['/', `/${SLUG}`, MAP, `/${SLUG}/acteurs/${id}`, `/${SLUG}/mes-contributions`, '/invitation'];
  host.body = paths.map((path) => `<iframe title="${path}" src="${site.url}${path}"></iframe>`).join('');
  await page.goto(host.url);
  await page.waitForTimeout(1000);
  for (const frame of page.frames().slice(1)) {
    await frame.waitForLoadState();
    expect(await frame.locator('#app').count(), frame.url()).toBe(0);
  }
  for (const path of paths)
    expect((await request.get(path)).headers()['content-security-policy'], path).toContain(
      "frame-ancestors 'none'",
    );
});

test('« Copier le code » gives code that works in a page, with the filter of the moment', async ({
  page,
  host,
  site,
}) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.url });
  await page.goto(`${MAP}?nomap&category=CUL,LIE&state=to_check`);
  await expect(page.getByTestId('count')).toContainText('17 acteurs');
  await page.getByRole('button', { name: 'Partager / intégrer' }).click();
  await page.getByRole('button', { name: 'Copier le code' }).click();
  await expect(page.getByText('Code copié.')).toBeVisible();
  host.body = await page.evaluate(() => navigator.clipboard.readText());
  expect(host.body).toContain(`src="${site.url}/embed/${SLUG}?category=CUL,LIE&amp;state=to_check"`);
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').locator('.embed-foot')).toContainText('17 acteurs');
  await expect(page.getByTitle('Acteurs citoyens de Solvigné')).toBeVisible();
});

test('list=1 opens the list at once, bbox= chooses the view', async ({ page }) => {
  await page.goto(`/embed/${SLUG}?nomap&list=1&category=SPO`);
  await expect(page.getByTestId('list').getByRole('link')).toHaveCount(11);
  await page.goto(`/embed/${SLUG}?test&bbox=-1.7990,47.7090,-1.7910,47.7140`);
  await expect
    .poll(() =>
      page.evaluate(() => (window as unknown as { __map?: { getZoom(): number } }).__map?.getZoom() ?? 0),
    )
    .toBeGreaterThan(14);
});
