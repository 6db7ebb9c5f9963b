import { addDialog, onward, openDialog, street, theme } from './support/adding';
import { MAP } from './support/api';
import { expect, PHONE, test } from './support/test';

test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-software-rasterizer'],
  },
});

test('a device without WebGL says so in one sentence, and the list does everything', async ({ page }) => {
  await page.goto(MAP);
  const sentence = page.getByText('Votre appareil n’affiche pas la carte. Tout est dans la liste.');
  await expect(sentence.first()).toBeVisible();
  await expect(sentence.and(page.locator(':visible'))).toHaveCount(1);
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  await page.locator('[data-theme=REE]').click();
  await expect(page.getByTestId('count')).toContainText('13 acteurs');
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
  test('the list takes the place of the map', async ({ page }) => {
    await page.goto(MAP);
    await expect(page.getByText('Votre appareil n’affiche pas la carte').first()).toBeVisible();
    await expect(page.getByTestId('list').getByRole('link').first()).toBeInViewport();
  });
});
