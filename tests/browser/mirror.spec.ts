import { actors, MAP, SLUG } from './support/api';
import { readTile } from './support/mvt';
import { DESK, expect, mapIdle, test, type Page } from './support/test';

const names = (page: Page) => page.getByTestId('list').locator('.card-name').allInnerTexts();
const count = async (page: Page) =>
  Number((await page.getByTestId('count').innerText()).match(/^\d+/)?.[0] ?? NaN);

test('the list holds what the server says, whatever the theme, the words or the view', async ({
  page,
  request,
}) => {
  for (const query of [
    'category=ALI',
    'category=ALI,SOL.food_aid',
    'q=boite',
    'state=to_check&category=REE',
    'bbox=-1.7990,47.7090,-1.7910,47.7140',
    'bbox=-1.7990,47.7090,-1.7910,47.7140&category=CUL,LIE',
  ]) {
    const expected = await actors(request, query);
    expect(expected.numberMatched, query).toBeGreaterThan(0);
    await page.goto(`${MAP}?${query}&test`);
    // With a map, the view is what the map shows; without one, the whole territory.
    if (query.includes('bbox')) await mapIdle(page);
    else await page.goto(`${MAP}?nomap&${query}`);
    if (!query.includes('bbox'))
      await expect.poll(() => names(page), query).toEqual(expected.features.map((f) => f.properties.name));
    else {
      const shown = new URL(page.url()).searchParams.get('bbox')!;
      const inView = await actors(request, `${query.replace(/bbox=[^&]*/, `bbox=${shown}`)}`);
      await expect.poll(() => names(page), query).toEqual(inView.features.map((f) => f.properties.name));
    }
  }
});

test('pressing a theme filters list, address and counts; showing all brings them back', async ({ page }) => {
  await page.goto(`${MAP}?nomap`);
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  await page.locator('[data-theme=SOL]').click();
  await expect(page).toHaveURL(/category=SOL/);
  await expect(page.getByTestId('count')).toContainText('12 acteurs');
  await expect(page.locator('[data-theme=SOL]')).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'Tous les thèmes' }).click();
  const panel = page.getByRole('region', { name: 'Tous les thèmes' });
  await panel.getByRole('checkbox', { name: /Alimentation/ }).check();
  await expect(page.getByTestId('count')).toContainText('23 acteurs');
  await page.keyboard.press('Escape');
  await expect(panel).toBeHidden();
  await page.goBack();
  await expect(page.getByTestId('count')).toContainText('12 acteurs');
  await page.getByRole('button', { name: 'Tout afficher' }).click();
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  await expect(page).not.toHaveURL(/category/);
});

test('a search typed to the end filters the list; an unknown name offers to add it', async ({ page }) => {
  await page.goto(`${MAP}?nomap`);
  const box = page.getByRole('combobox', { name: 'Chercher un acteur' });
  await box.fill('vernelle');
  await box.press('Enter');
  await expect(page).toHaveURL(/q=vernelle/);
  await expect(page.getByTestId('count')).not.toContainText('94');
  await page.getByRole('button', { name: 'Tout afficher' }).click();
  await box.fill('Confrérie des topinambours');
  await page.getByRole('option', { name: 'Ajouter « Confrérie des topinambours »' }).click();
  await expect(page.getByLabel('Comment s’appelle-t-il ?')).toHaveValue('Confrérie des topinambours');
});

test('the numbers on the clusters and the single markers add up to the count of the list', async ({
  page,
  request,
}) => {
  await page.goto(`${MAP}?test`);
  await mapIdle(page);
  await expect.poll(() => count(page)).toBe(94);
  const onScreen = await page.evaluate(() => {
    interface Tile {
      properties: { id: string | number; place?: string; count?: number };
    }
    const map = (window as unknown as { __map: { queryRenderedFeatures(o: object): Tile[] } }).__map;
    const unique = new Map<string, number>();
    for (const { properties: p } of map.queryRenderedFeatures({ layers: ['actors', 'clusters'] }))
      unique.set(`${p.id}/${p.place ?? ''}`, p.count ?? 1);
    return [...unique.values()].reduce((sum, n) => sum + n, 0);
  });
  expect(onScreen).toBe(94);

  // And the tile of the whole world, read without the app.
  const tile = await request.get(`/tiles/actors/${SLUG}/0/0/0.mvt`);
  const total = readTile(await tile.body()).reduce((sum, f) => sum + Number(f.attributes.count ?? 1), 0);
  expect(total).toBe(94);
});

test.describe('an address sent to somebody else', () => {
  test.use(DESK);
  test('shows the same view, the same filter and the same lines', async ({ page, somebody }) => {
    await page.goto(`${MAP}?test&category=SOL,CUL&bbox=-1.7990,47.7090,-1.7910,47.7140`);
    await mapIdle(page);
    const byName = await names(page);
    await page.getByLabel('Ordre de la liste').selectOption('nearest');
    await expect(page).toHaveURL(/sort=nearest/);
    await mapIdle(page);
    // The list is asked for anew, and the old order stands until the answer is there.
    await expect.poll(() => names(page)).not.toEqual(byName);
    const address = page.url();
    const lines = await names(page);
    expect(lines.length).toBeGreaterThan(3);
    const view = (p: Page) =>
      p.evaluate(() => {
        const map = (
          window as unknown as { __map: { getCenter(): { lng: number; lat: number }; getZoom(): number } }
        ).__map;
        return [map.getCenter().lng, map.getCenter().lat, map.getZoom()] as [number, number, number];
      });
    const other = await somebody();
    await other.goto(address);
    await mapIdle(other);
    const [here, there] = [await view(page), await view(other)];
    expect(there[0]).toBeCloseTo(here[0], 4);
    expect(there[1]).toBeCloseTo(here[1], 4);
    expect(there[2]).toBeCloseTo(here[2], 1);
    await expect.poll(() => names(other)).toEqual(lines);
  });
});
