import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { add, addDialog, onward, street, theme } from './support/adding';
import { actorNamed, MAP, SLUG } from './support/api';
import { violations } from './support/axe';
import { addActor, freeze, makeFigure } from './support/figure';
import { accept } from './support/seance';
import { expect, test as base, type Page } from './support/test';

/** Somebody else's site: another origin, and another site for cookies. */
class Host {
  body = '';
  url = '';
  /** What the town's webmaster allows the page; nothing said means everything. */
  policy = '';
  readonly server: Server = createServer((_, answer) => {
    answer.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      ...(this.policy ? { 'Content-Security-Policy': this.policy } : {}),
    });
    answer.end(
      `<!doctype html><html lang="fr"><head><title>Mairie</title>${this.policy ? '' : '<link rel="icon" href="data:,">'}</head>` +
        `<body${this.policy ? '' : ' style="margin:0;min-height:3000px"'}><h1>Ma commune</h1>${this.body}</body></html>`,
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
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], {
    origin: site.url,
  });
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

/** Nothing but frames of ours: no script, no style, no picture of its own. */
const strict = (origin: string) =>
  `default-src 'none'; frame-src ${origin}; style-src 'none'; script-src 'none'`;

test('a page of another origin with a strict policy shows each form, and none needs more than its frame', async ({
  page,
  host,
  site,
  watch,
}) => {
  // The browser itself asks the strict page for a favicon, which its policy forbids.
  watch.allow(/favicon/);
  host.policy = strict(site.url);
  for (const [mode, seen] of [
    ['map', '23 acteurs'],
    ['list', '23 acteurs'],
    ['table', 'Dont à vérifier'],
    ['count', '23'],
    ['chart', '23 acteurs, par thème principal'],
  ] as const) {
    host.body = `<iframe title="Acteurs" src="${site.url}/embed/${SLUG}?mode=${mode}&amp;category=SOL,ALI&amp;lang=fr" width="100%" height="520"></iframe>`;
    await page.goto(host.url);
    const frame = page.frameLocator('iframe');
    await expect(frame.getByTestId('embed'), mode).toContainText(seen);
    if (mode === 'map') await expect(frame.locator('canvas')).toBeVisible({ timeout: 60_000 });
    else await expect(frame.getByRole('heading', { level: 1 }), mode).toBeVisible();
    await expect(frame.getByTestId('embed-add')).toBeVisible();
    expect(await page.evaluate(() => document.querySelector('iframe')!.offsetWidth)).toBeGreaterThan(1000);
  }
});

test('« Contribuer » opens the map with the filter of the frame, and what is added shows there and in the frame', async ({
  page,
  host,
  site,
}) => {
  host.policy = strict(site.url);
  host.body = `<iframe title="Acteurs" src="${site.url}/embed/${SLUG}?mode=list&amp;category=ALI" width="100%" height="520"></iframe>`;
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.locator('.embed-foot')).toContainText('11 acteurs');
  const popup = page.waitForEvent('popup');
  await frame.getByRole('link', { name: 'Contribuer' }).click();
  const opened = await popup;
  await expect(addDialog(opened)).toBeVisible();
  await expect(opened).toHaveURL(`${site.url}${MAP}?category=ALI`);
  await addDialog(opened).getByLabel('Comment s’appelle-t-il ?').fill('Abeilles du rempart');
  await onward(opened).click();
  await theme(opened, 'Alimentation').click();
  await onward(opened).click();
  await street(opened).fill('rue haute');
  await addDialog(opened).locator('.option').first().click();
  await onward(opened).click();
  await onward(opened).click();
  await expect(opened.getByTestId('actor-name')).toHaveText('Abeilles du rempart');
  await expect(opened.getByTestId('count')).toContainText('12 acteurs');
  await page.bringToFront();
  await expect(frame.getByRole('link', { name: /Abeilles du rempart/ })).toBeVisible({ timeout: 30_000 });
});

test('a figure in a frame: living it follows, frozen it says its date, and only the sites it names show it', async ({
  page,
  host,
  site,
  request,
  watch,
}) => {
  watch.allow(/frame-ancestors|ERR_BLOCKED_BY_RESPONSE|chrome-error|favicon/);
  await accept(page, site, 'organiser');
  const path = await makeFigure(page, 'category=SOL', 'Liste');
  await page.getByTestId('publish').click();
  await expect(page.getByTestId('publish')).toHaveCount(0);
  const id = path.split('/').at(-1)!;
  await page.getByTestId('embed-builder').getByRole('button', { name: 'Aperçu' }).click();
  await expect(page.frameLocator('[data-testid=embed-preview]').getByTestId('embed')).toContainText(
    '12 acteurs',
  );

  const frameOf = `<iframe title="Figure" src="${site.url}/embed/${SLUG}?figure=${id}" width="100%" height="520"></iframe>`;
  host.body = frameOf;
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').locator('.embed-foot')).toContainText('12 acteurs');
  await page.goto(path);
  await freeze(page);
  await addActor(request, 'Après la glace', 'SOL', [-1.7946, 47.7119]);
  await page.goto(host.url);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByTestId('embed-date')).toHaveText(/^État au \d/);
  await expect(frame.locator('.embed-foot')).toContainText('12 acteurs');
  await expect(frame.getByTestId('actor-table').locator('tbody tr')).toHaveCount(12);

  await page.goto(path);
  await page.getByText('Tous les sites peuvent montrer cette figure').click();
  await page.getByLabel('Adresse d’un site').fill('www.une-autre-commune.fr');
  await page.getByRole('button', { name: 'Ajouter', exact: true }).click();
  await expect(page.getByText('Un seul site peut montrer cette figure')).toBeVisible();
  const policy = async () =>
    (await request.get(`/embed/${SLUG}?figure=${id}`)).headers()['content-security-policy'];
  expect(await policy()).toContain('frame-ancestors https://www.une-autre-commune.fr');
  await page.goto(host.url);
  await page.waitForTimeout(800);
  expect(await page.frames().at(-1)!.locator('#app').count(), 'a site that is not named').toBe(0);
  await page.goto(path);
  await page.getByText('Un seul site peut montrer cette figure').click();
  await page.getByLabel('Adresse d’un site').fill(host.url);
  await page.getByRole('button', { name: 'Ajouter', exact: true }).click();
  await expect(page.getByText('2 sites peuvent montrer cette figure')).toBeVisible();
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').getByTestId('embed-date')).toBeVisible();
});

test('a frame whose page asks for it tells its height, and nothing else', async ({ page, host, site }) => {
  host.body =
    `<iframe title="Acteurs" src="${site.url}/embed/${SLUG}?mode=chart&amp;height=auto" width="100%" height="300"></iframe>` +
    `<script>heard=[];addEventListener('message',e=>heard.push(e.data))</script><script src="${site.url}/embed.js"></script>`;
  await page.goto(host.url);
  await expect(page.frameLocator('iframe').getByTestId('theme-table')).toBeVisible();
  await expect
    .poll(() => page.evaluate(() => document.querySelector('iframe')!.offsetHeight))
    .toBeGreaterThan(400);
  const heard = await page.evaluate(() => (window as unknown as { heard: unknown[] }).heard);
  for (const said of heard) expect(Object.keys(said as object).sort()).toEqual(['bouillon', 'height']);
});

test('frames in English, in the dark and on a phone have nothing for axe to say', async ({ page }) => {
  for (const mode of ['list', 'table', 'count', 'chart']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({
        width: colorScheme === 'dark' ? 360 : 1000,
        height: 640,
      });
      await page.goto(`/embed/${SLUG}?mode=${mode}&lang=en&category=SOL,ALI`);
      await expect(page.getByTestId('embed')).toContainText('Contribute');
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
      expect.soft(await violations(page), `${mode}, ${colorScheme}`).toEqual([]);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
    }
  }
});
