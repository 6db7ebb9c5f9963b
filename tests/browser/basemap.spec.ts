/** The base map as a person sees it: complete, labelled, from this server alone, in each of its styles. */
import { actorNamed, MAP, SLUG } from './support/api';
import { expect, mapIdle, PHONE, test, type Page } from './support/test';

/** A theme of few actors: their markers do not hide the streets. */
const QUIET = `${MAP}?test&category=NUM`;

/** The demonstration commune is drawn in metres from its church (fixtures/generator/terrain.py). */
function place(east: number, north: number): [number, number] {
  const degree = 111_195;
  return [-1.795 + east / (degree * Math.cos((47.712 * Math.PI) / 180)), 47.712 + north / degree];
}

interface Seen {
  layer: string;
  source: string;
  kind: string;
  name: string;
}
/** Moves the map and waits until it is drawn there. */
async function go(page: Page, center: [number, number], zoom: number): Promise<void> {
  await page.evaluate(
    ([center, zoom]) =>
      new Promise<void>((done) => {
        const map = (window as unknown as { __map: Live }).__map;
        map.once('idle', () => done());
        map.jumpTo({ center, zoom });
      }),
    [center, zoom] as const,
  );
}
interface Live {
  once(event: string, then: () => void): void;
  jumpTo(to: object): void;
  project(at: [number, number]): { x: number; y: number };
  queryRenderedFeatures(at?: { x: number; y: number }): {
    layer: { id: string };
    source: string;
    sourceLayer?: string;
    properties: Record<string, string>;
  }[];
  getPaintProperty(layer: string, name: string): unknown;
  getZoom(): number;
  listImages(): string[];
}

/** What is drawn at a point, or everywhere on the screen. */
async function seen(page: Page, at: [number, number] | null = null): Promise<Seen[]> {
  return page.evaluate((at) => {
    const map = (window as unknown as { __map: Live }).__map;
    return map.queryRenderedFeatures(...(at ? [map.project(at)] : [])).map((f) => ({
      layer: f.layer.id,
      source: f.sourceLayer ?? f.source,
      kind: f.properties.kind ?? '',
      name: f.properties.name ?? '',
    }));
  }, at);
}
const paint = (page: Page, layer: string, name: string) =>
  page.evaluate(
    ([layer, name]) => (window as unknown as { __map: Live }).__map.getPaintProperty(layer!, name!),
    [layer, name],
  );

test('the commune stands on its own map: streets by name, buildings, rivers and railway', async ({
  page,
}) => {
  await page.goto(`${MAP}?test`);
  await mapIdle(page);
  await go(page, place(0, -50), 14);
  // Among all the actors, with their discs and names.
  const among = await seen(page);
  expect(among.filter((f) => f.source === 'street_labels').length).toBeGreaterThanOrEqual(20);
  expect(among.filter((f) => f.source === 'buildings').length).toBeGreaterThanOrEqual(1000);
  await page.goto(QUIET);
  await mapIdle(page);
  await go(page, place(0, -50), 14);
  const all = await seen(page);
  const streets = all.filter((f) => f.source === 'street_labels');
  expect(streets.map((f) => f.name)).toContain('Rue Jules-Ferry');
  expect(all.map((f) => f.kind)).toEqual(expect.arrayContaining(['river', 'rail', 'residential', 'stream']));
  expect(all.filter((f) => f.source === 'place_labels').map((f) => f.name)).toContain('Solvigné');
  // House numbers wait for zoom 17.
  expect(all.filter((f) => f.source === 'addresses')).toEqual([]);
  await go(page, place(0, -50), 17);
  expect((await seen(page)).filter((f) => f.source === 'addresses').length).toBeGreaterThan(30);
});

test('no hole is filled: the island is land, the clearing is no wood, the pond is no garden', async ({
  page,
  request,
}) => {
  await page.goto(QUIET);
  await mapIdle(page);
  await go(page, place(-1690, 1010), 16);
  const island = await seen(page, place(-1690, 1010));
  expect(island.filter((f) => f.source === 'water_polygons')).toEqual([]);
  const lake = await seen(page, place(-1540, 1000));
  expect(lake.map((f) => f.source)).toContain('water_polygons');

  await go(page, place(2030, 1780), 16);
  const clearing = (await seen(page, place(2030, 1780))).filter((f) => f.source === 'land');
  expect(clearing.map((f) => f.kind)).toEqual(['meadow']);
  const wood = (await seen(page, place(2400, 1800))).filter((f) => f.source === 'land');
  expect(wood.map((f) => f.kind)).toEqual(['forest']);

  const garden = (await actorNamed(request, 'Jardin partagé des Rainettes')).geometry!.coordinates;
  await go(page, garden, 18);
  const pond = (await page.evaluate((near) => {
    const map = (
      window as unknown as {
        __map: {
          querySourceFeatures(
            source: string,
            how: object,
          ): { geometry: { coordinates: [number, number][][] } }[];
        };
      }
    ).__map;
    const ponds = map.querySourceFeatures('base', {
      sourceLayer: 'water_polygons',
      filter: ['==', ['get', 'kind'], 'water'],
    });
    const centres = ponds.map(({ geometry }) => {
      const ring = geometry.coordinates[0]!.slice(1);
      return [0, 1].map((axis) => ring.reduce((sum, p) => sum + p[axis]!, 0) / ring.length) as [
        number,
        number,
      ];
    });
    const far = (p: [number, number]) => Math.hypot((p[0] - near[0]!) * 0.67, p[1] - near[1]!);
    return centres.sort((a, b) => far(a) - far(b))[0];
  }, garden))!;
  const inside = await seen(page, pond);
  expect(inside.map((f) => f.source)).toContain('water_polygons');
  expect(inside.filter((f) => f.kind === 'garden')).toEqual([]);
});

test('the map follows the night at once, and keeps what was chosen', async ({ page, request }) => {
  const { id, name } = (await actorNamed(request, 'Médiathèque Colette')).properties;
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`/${SLUG}/acteurs/${id}?test`);
  await mapIdle(page);
  const selected = async () => (await seen(page)).filter((f) => f.layer === 'selected').map((f) => f.name);
  await expect.poll(selected).toContain(name);
  const day = await paint(page, 'land', 'background-color');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => paint(page, 'land', 'background-color')).not.toEqual(day);
  await mapIdle(page);
  await expect.poll(selected).toContain(name);
});

test('on request the map is drawn for paper, with patterns in the place of tints', async ({ page }) => {
  await page.goto(`${QUIET}&style=impression`);
  await mapIdle(page);
  await go(page, place(2030, 1780), 15);
  expect(await paint(page, 'land', 'background-color')).toBe('#FFFFFF');
  const pictures = await page.evaluate(() => (window as unknown as { __map: Live }).__map.listImages());
  expect(pictures.some((id) => id.startsWith('pattern:trees:'))).toBe(true);
});

test('a territory without a base map still shows its outline and the names it has', async ({ page }) => {
  await page.route(`**/api/v1/territories/${SLUG}`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer,
      json: { ...(await answer.json()), basemap: null },
    });
  });
  await page.goto(QUIET);
  await mapIdle(page);
  const all = await seen(page);
  expect(all.map((f) => f.layer)).toEqual(
    expect.arrayContaining(['territory', 'quartier', 'territory-name']),
  );
  expect(all.map((f) => f.name)).toContain('Solvigné');
});

test.describe('on a phone', () => {
  test.use(PHONE);
  test('a chosen marker stands above the sheet, wherever the shared view had it', async ({
    page,
    request,
  }) => {
    const actor = await actorNamed(request, 'Médiathèque Colette');
    const [lon, lat] = actor.geometry!.coordinates;
    // The view of the link has the actor in its lower third, where the sheet opens.
    const box = [lon - 0.004, lat - 0.0025, lon + 0.004, lat + 0.0115].map((v) => v.toFixed(5)).join(',');
    await page.goto(`/${SLUG}/acteurs/${actor.id}?test&bbox=${box}`);
    await expect(page.getByTestId('actor-name')).toBeVisible();
    await mapIdle(page);
    const sheet = (await page.locator('.sheeter').boundingBox())!;
    const search = (await page.locator('.finder').boundingBox())!;
    const y = () =>
      page.evaluate(
        (at) => (window as unknown as { __map: Live }).__map.project(at).y,
        actor.geometry!.coordinates,
      );
    await expect.poll(y).toBeLessThan(sheet.y - 20);
    expect(await y()).toBeGreaterThan(search.y + search.height + 60);
  });
});
