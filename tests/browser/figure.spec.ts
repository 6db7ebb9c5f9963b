/** Figures: made from the map in two presses, drafts, ice, what changed since, files, and what is not there. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MAP, SLUG } from './support/api';
import { violations } from './support/axe';
import { addActor, freeze, makeFigure } from './support/figure';
import { accept } from './support/seance';
import { DESK, expect, PHONE, test, type Page } from './support/test';

const CENTRE: [number, number] = [-1.7946, 47.7119];
const lookedAt = async (page: Page, name: string) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect.soft(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
};

test('two themes in a quartier become a figure in two presses; frozen, it says what changed since', async ({
  page,
  site,
  request,
  somebody,
  watch,
}) => {
  await accept(page, site, 'organiser');
  await page.goto(`${MAP}?nomap`);
  await page.locator('[data-theme=SOL]').click();
  await page.locator('[data-theme=ALI]').click();
  await page.getByTestId('area').selectOption('Centre-Remparts');
  await expect(page.getByTestId('count')).toContainText('11 acteurs dans Centre-Remparts');
  await page.getByTestId('open-figure').click();
  await expect(page.getByLabel('Titre')).toHaveValue(/Solidarité et Alimentation : Centre-Remparts/);
  await lookedAt(page, 'créer une figure');
  await page.getByTestId('make-go').click();
  await expect(page).toHaveURL(/\/f\//);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Solidarité et Alimentation');
  await expect(page.getByTestId('state-line')).toHaveText(/^État au .* · 11 acteurs$/);
  await expect(page.getByTestId('seal')).toContainText('Figure vivante');
  await expect(page.getByTestId('theme-table').locator('tbody tr')).toHaveCount(2);
  await expect(page.getByTestId('picture')).toHaveJSProperty('complete', true);
  expect(
    await page.getByTestId('picture').evaluate((img: HTMLImageElement) => img.naturalWidth),
    'the picture is drawn',
  ).toBeGreaterThan(300);

  // A draft: somebody else finds nothing at its address.
  watch.allow(/404 \(Not Found\)/);
  const path = new URL(page.url()).pathname;
  const other = await somebody(DESK);
  await other.goto(path);
  await expect(other.getByRole('heading', { name: 'Cette figure n’est pas là' })).toBeVisible();
  await other.goto(`/${SLUG}/figures`);
  await expect(other.getByTestId('figures-none')).toBeVisible();

  await page.getByTestId('edit-title').click();
  await page.getByLabel('Titre').fill('Le centre nourrit et accueille');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Le centre nourrit et accueille');
  await page.getByTestId('publish').click();
  await expect(page.getByTestId('publish')).toHaveCount(0);
  await freeze(page);
  await lookedAt(page, 'figure figée');
  await expect(page.getByTestId('edit-title')).toHaveCount(0);

  const hashes = async () => {
    const files = ['svg', 'png', 'pdf', 'geojson', 'csv'].map(async (kind) => {
      const answer = await request.get(`${path}.${kind}`);
      expect(answer.status(), kind).toBe(200);
      return createHash('sha256')
        .update(await answer.body())
        .digest('hex');
    });
    return Promise.all(files);
  };
  const before = await hashes();
  await addActor(request, 'La Cuisine du rempart', 'ALI', CENTRE);
  await other.goto(path);
  await expect(other.getByTestId('state-line')).toContainText('11 acteurs');
  await expect(other.getByTestId('since')).toContainText('1 acteur ajouté');
  await expect(other.getByTestId('since').getByRole('link', { name: 'La Cuisine du rempart' })).toBeVisible();
  expect(await hashes(), 'what is frozen keeps its bytes').toEqual(before);

  // Anew: a living copy, which has it.
  await page.getByTestId('remake').click();
  await expect(page).not.toHaveURL(new RegExp(path));
  await expect(page.getByTestId('state-line')).toContainText('12 acteurs');
  await expect(page.getByTestId('seal')).toContainText('Figure vivante');
});

test('every kind has its page, its list of files, and nothing for axe to say', async ({ page, site }) => {
  await accept(page, site, 'organiser');
  for (const kind of ['Liste', 'Tableau', 'Nombre', 'Barres']) {
    await makeFigure(page, 'category=SOL', kind);
    await expect(page.getByTestId('state-line')).toContainText('12 acteurs');
    if (kind === 'Liste') await expect(page.getByTestId('actor-table').locator('tbody tr')).toHaveCount(12);
    if (kind === 'Tableau') await expect(page.getByTestId('theme-table')).toContainText('Dont à vérifier');
    if (kind === 'Nombre') await expect(page.getByTestId('huge')).toHaveText('12');
    await lookedAt(page, kind);
  }
  for (const kind of ['svg', 'png', 'pdf', 'csv', 'geojson']) {
    const asked = page.waitForEvent('download');
    await page.getByTestId(`file-${kind}`).click();
    const bytes = readFileSync(await (await asked).path());
    expect(bytes.length, kind).toBeGreaterThan(200);
    if (kind === 'pdf') expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    if (kind === 'png') expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  }
  await page.goto(`/${SLUG}/figures`);
  await expect(page.getByRole('heading', { name: 'Brouillons' })).toBeVisible();
  await expect(page.locator('.figure-line')).toHaveCount(4);
  await lookedAt(page, 'figures');
});

test('somebody without an account keeps a draft, changes it, cannot publish it, and takes it away', async ({
  page,
}) => {
  await makeFigure(page, 'category=REE');
  await expect(page.getByTestId('publish')).toHaveCount(0);
  await expect(page.getByTestId('freeze')).toHaveCount(0);
  await page.getByTestId('edit-caption').click();
  await page.getByLabel('Légende').fill('On répare surtout près de la gare.');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await expect(page.getByTestId('plate')).toContainText('On répare surtout près de la gare.');
  await page.getByTestId('drop').click();
  await page.getByTestId('drop-go').click();
  await expect(page).toHaveURL(`/${SLUG}/figures`);
  await expect(page.getByTestId('figures-none')).toBeVisible();
});

test('two people change a title: the second one sees both and decides', async ({
  page,
  site,
  somebody,
  watch,
}) => {
  watch.allow(/409 \(Conflict\)/);
  await accept(page, site, 'organiser');
  const path = await makeFigure(page, 'category=CUL');
  const other = await somebody(DESK);
  await accept(other, site, 'organiser');
  await other.goto(path);
  await page.getByTestId('edit-title').click();
  await page.getByLabel('Titre').fill('La culture au centre');
  await other.getByTestId('edit-title').click();
  await other.getByLabel('Titre').fill('La culture partout');
  await other.getByRole('button', { name: 'Enregistrer' }).click();
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('La culture partout');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await expect(page.getByRole('alert')).toContainText('La culture partout');
  await expect(page.getByLabel('Titre')).toHaveValue('La culture au centre');
  await page.getByRole('button', { name: 'Mettre ma version' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('La culture au centre');
});

test('a figure without a result says so, and an address of nothing too', async ({ page, watch }) => {
  watch.allow(/404 \(Not Found\)/);
  await makeFigure(page, 'q=zzzz');
  await expect(page.getByTestId('no-result')).toBeVisible();
  await page.goto('/f/00000000-0000-7000-8000-000000000000');
  await expect(page.getByRole('heading', { name: 'Cette figure n’est pas là' })).toBeVisible();
});

test('on a phone a figure fits the screen', async ({ somebody }) => {
  const page = await somebody(PHONE);
  await page.goto(`${MAP}?nomap&category=SOL`);
  await page.getByTestId('open-figure').click();
  await page.getByTestId('make-go').click();
  await expect(page.getByTestId('state-line')).toBeVisible();
  await page.getByText('Les noms des 12 acteurs').click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
});
