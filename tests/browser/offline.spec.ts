/** Without network: what was taken along answers, what is written waits and leaves later; a hall's plain http says what it can't do. */
import { chromium, type BrowserContext } from '@playwright/test';
import { add } from './support/adding';
import { actorNamed, actors, MAP, SLUG } from './support/api';
import { readTile, tileAt, type TileFeature } from './support/mvt';
import { expect, mapIdle, test, type Page } from './support/test';

test.use({ serviceWorkers: 'allow' });

/** Opens the dashboard, waits for the worker, and takes the territory along. */
async function takeAlong(page: Page): Promise<void> {
  await page.goto(`/${SLUG}`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.getByTestId('along').getByRole('button', { name: 'Emporter' }).click();
  await expect(page.getByTestId('along').getByText('C’est sur cet appareil.')).toBeAttached();
}

/** What a page gets for an address, through its worker. */
async function tile(page: Page, path: string): Promise<TileFeature[]> {
  const bytes = await page.evaluate(async (path) => {
    const answer = await fetch(path);
    return [...new Uint8Array(await answer.arrayBuffer())];
  }, path);
  return readTile(Uint8Array.from(bytes));
}

/** The same tile may name its features in any order; boxes are rounded outwards by the server, and names may be in single precision. */
function comparable(features: TileFeature[]) {
  const round = (v: unknown) => (typeof v === 'number' ? Math.round(v * 1e4) / 1e4 : v);
  const said = features.map(({ layer, attributes }) => {
    const pairs = Object.entries(attributes).map(([key, value]) => [key, round(value)]);
    return JSON.stringify([layer, pairs.sort()]);
  });
  return said.sort();
}

test.describe('a territory that was taken along', () => {
  let context: BrowserContext;

  test.beforeEach(async ({ page, watch, context: own }) => {
    watch.allow(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_FAILED|50[234]|failed: /);
    context = own;
    await takeAlong(page);
  });

  test('opens without network, with its list, its sheets, its search and its map', async ({
    page,
    request,
  }) => {
    test.slow();
    const online = await actors(request);
    const library = await actorNamed(request, 'La Passerelle');
    await context.setOffline(true);
    await page.goto(`${MAP}?test`);
    await expect(page.getByText(`${online.numberMatched} acteurs`).first()).toBeVisible();
    await expect(page.getByRole('status').filter({ hasText: 'carte emportée' }).first()).toBeVisible();
    await mapIdle(page);
    const drawn = await page.evaluate(() => {
      const map = (
        window as unknown as {
          __map: {
            queryRenderedFeatures(): {
              layer: { id: string };
              sourceLayer?: string;
            }[];
          };
        }
      ).__map;
      return map.queryRenderedFeatures().map((f) => f.sourceLayer ?? f.layer.id);
    });
    expect(drawn.filter((layer) => layer === 'streets').length, 'streets of the base map').toBeGreaterThan(
      10,
    );
    expect(drawn.filter((layer) => layer === 'actors' || layer === 'clusters').length).toBeGreaterThan(3);
    await page.goto(`/${SLUG}/acteurs/${library.properties.id}?nomap`);
    await expect(page.getByTestId('actor-name')).toHaveText('La Passerelle');
    await page.getByRole('combobox').first().fill('passer');
    await expect(page.getByRole('option', { name: /La Passerelle/ }).first()).toBeVisible();
    await page.getByRole('combobox').first().fill('rue');
    await expect(page.getByRole('option', { name: /[Rr]ue/ }).first()).toBeVisible();
  });

  test('shows the same tiles of actors as the server', async ({ page, request }) => {
    const all = await actors(request);
    const places = all.features.filter((f) => f.geometry).filter((_, i) => i % 9 === 0);
    const paths = [0, 9, 12, 14, 15, 16, 18, 20].flatMap((zoom) =>
      places.map((f) => `/tiles/actors/${SLUG}/${tileAt(...f.geometry!.coordinates, zoom)}.mvt`),
    );
    const asked = [...new Set([...paths, ...paths.map((path) => `${path}?category=CUL,SOL`)])];
    const online = new Map<string, string[]>();
    for (const path of asked) online.set(path, comparable(readTile(await (await request.get(path)).body())));
    await context.setOffline(true);
    for (const path of asked) expect(comparable(await tile(page, path)), path).toEqual(online.get(path));
    expect(asked.length).toBeGreaterThan(60);
  });

  test('keeps what is written through a closed tab, and sends it when the server is back', async ({
    page,
    request,
    site,
    watch,
  }) => {
    // The form of somebody without network was never opened: the server asks for it, and the edit goes again by itself.
    watch.allow(/422/);
    await site.end();
    await page.goto(`${MAP}?nomap`);
    await add(page, 'Écrit dans le train');
    await expect(page.getByRole('button', { name: /1 envoi en attente/ }).first()).toBeVisible();
    await page.close();
    const again = await context.newPage();
    await again.goto(`${MAP}?nomap`);
    await expect(again.getByRole('button', { name: /1 envoi en attente/ }).first()).toBeVisible();
    await site.begin();
    await again
      .getByRole('button', { name: /1 envoi en attente/ })
      .first()
      .click();
    await again.getByRole('button', { name: 'Essayer de nouveau' }).click();
    await expect.poll(async () => (await actors(request, 'q=train')).numberMatched).toBe(1);
    await expect(again.getByText('En ligne, tout est parti').first()).toBeVisible();
  });
});

test('on a hall’s plain http everything works but what browsers keep for https, and the page says why', async ({
  site,
  request,
}) => {
  const port = new URL(site.url).port;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: ['--host-resolver-rules=MAP salle.lan 127.0.0.1'],
  });
  const page = await browser.newPage({
    baseURL: `http://salle.lan:${port}`,
    locale: 'fr-FR',
  });
  await page.goto(`/${SLUG}`);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await expect(page.getByTestId('along')).toContainText('Cette adresse commence par http');
  await page.goto(`${MAP}?nomap`);
  await add(page, 'Ajouté dans la salle');
  expect((await actors(request, 'q=ajoute')).numberMatched).toBe(1);
  expect((await page.context().cookies()).map((c) => [c.name, c.secure])).toEqual([['bouillon', false]]);
  await page.goto(`/${SLUG}/mes-contributions`);
  await expect(page.getByText('Ajouté dans la salle').first()).toBeVisible();
  await browser.close();
});
