import { addDialog, onward, openDialog, street, theme } from './support/adding';
import { MAP } from './support/api';
import { violations } from './support/axe';
import { expect, PHONE, test } from './support/test';

test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-software-rasterizer'],
  },
});

test('a device without WebGL gets a simple map of pictures, and the list does everything', async ({
  page,
}) => {
  await page.goto(MAP);
  await expect(
    page.getByText('Votre appareil affiche une carte simple. Tout est aussi dans la liste.'),
  ).toBeVisible();
  const map = page.getByTestId('raster-map');
  await expect(map.locator('img.leaflet-tile').first()).toHaveJSProperty('complete', true);
  expect(
    await map
      .locator('img.leaflet-tile')
      .first()
      .evaluate((img: HTMLImageElement) => img.naturalWidth),
    'tiles are drawn by our server',
  ).toBeGreaterThanOrEqual(256);
  // Heaps and single actors, each with a name, each reached by the keyboard.
  await expect(map.getByRole('button', { name: /^\d+ acteurs$/ }).first()).toBeVisible();
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  await page.locator('[data-theme=REE]').click();
  await expect(page.getByTestId('count')).toContainText('13 acteurs');
  // The same filter on the map; an actor there opens its sheet by Enter.
  await page.goto(`${MAP}?category=REE&q=bric`);
  const mark = map.locator('[data-actor]').first();
  await mark.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('actor-name')).toContainText('Bric');
  await page.getByRole('button', { name: 'Fermer la fiche' }).click();
  // Arrows move the map, plus makes it larger, and the address follows.
  await map.getByRole('region').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/bbox=/);
  const moved = page.url();
  await page.keyboard.press('+');
  await expect(page).not.toHaveURL(moved);
  await page.goto(`${MAP}?category=REE`);
  await page
    .getByRole('link', { name: /La Gratuiterie/ })
    .first()
    .click();
  await expect(page.getByTestId('actor-name')).toBeVisible();
  await page.getByRole('button', { name: 'Fermer la fiche' }).click();

  await openDialog(page);
  const dialog = addDialog(page);
  await dialog.getByLabel('Comment s’appelle-t-il ?').fill('Sans image');
  await onward(page).click();
  await theme(page, 'Je ne sais pas').click();
  await onward(page).click();
  await street(page).fill('rue basse');
  await dialog.getByRole('option', { name: 'Rue Basse' }).click();
  await onward(page).click();
  await onward(page).click();
  await expect(page.getByTestId('actor-name')).toHaveText('Sans image');
});

test('the home page stands without WebGL too', async ({ page }) => {
  await page.goto('/solvigne');
  await expect(page.getByRole('heading', { name: 'Qui agit à Solvigné ?' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Compléter la carte' })).toBeVisible();
});

test.describe('on a phone', () => {
  test.use(PHONE);
  test('the simple map is there, and the list one press away', async ({ page }) => {
    await page.goto(MAP);
    await expect(page.getByTestId('raster-map').locator('.raster-mark').first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: /Liste/ }).click();
    await expect(page.getByTestId('list').getByRole('link').first()).toBeInViewport();
  });
});

test('a frame without WebGL shows a picture of the map, and the list under it', async ({ page }) => {
  await page.goto(`/embed/solvigne?category=SOL&lang=fr`);
  const picture = page.getByTestId('embed-picture');
  await expect(picture).toBeVisible();
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(300);
  await expect(page.getByTestId('list').getByRole('link')).toHaveCount(12);
  expect(await violations(page)).toEqual([]);
});
