import { actorNamed, MAP, SLUG } from './support/api';
import { expect, test } from './support/test';

test.use({ javaScriptEnabled: false });
// Playwright switches scripts off as a content policy would, and reports the app's own as blocked.
test.beforeEach(({ watch }) => watch.allow(/\/assets\/\S+\.js csp$/));

test('without JavaScript an actor’s page says who, where and how to reach them', async ({
  page,
  request,
}) => {
  const { id } = (await actorNamed(request, 'Médiathèque Colette')).properties;
  await page.goto(`/${SLUG}/acteurs/${id}`);
  await expect(page).toHaveTitle('Médiathèque Colette · Solvigné');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Médiathèque Colette');
  const main = page.locator('#app');
  await expect(main).toContainText('Rue Saint-Œuvin, 99350 Solvigné');
  await expect(main).toContainText('+33 1 99 00 07 13');
  await expect(main.getByRole('link', { name: 'https://mediatheque-colette.example.org' })).toBeVisible();
  const data = JSON.parse(await page.locator('script[type="application/ld+json"]').innerText());
  expect(data).toMatchObject({
    '@context': 'https://schema.org',
    '@type': 'Place',
    name: 'Médiathèque Colette',
  });
  await page.getByRole('link', { name: 'Voir la carte de Solvigné' }).click();
  await expect(page).toHaveURL(new RegExp(`${MAP}$`));
});

test('without JavaScript the map page is the list of all actors, each a link', async ({ page }) => {
  await page.goto(MAP);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Solvigné');
  await expect(page.locator('#app li a')).toHaveCount(94);
  await page.getByRole('link', { name: 'Radio Vernelle' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Radio Vernelle');
});

test('without JavaScript an address that leads nowhere says so and shows a way back', async ({
  page,
  watch,
}) => {
  watch.allow(/404 \(Not Found\)/);
  for (const path of ['/nulle/part/ici', `/${SLUG}/acteurs/0`, '/territoire-inconnu']) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Il n’y a rien à cette adresse.');
    await expect(page.getByRole('link', { name: 'Retour à l’accueil' })).toHaveAttribute('href', '/');
  }
});

test('without JavaScript the start lists the territories and the legal pages have their text', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Solvigné' }).click();
  await expect(page).toHaveURL(/\/solvigne$/);
  await page.goto('/mentions-legales');
  await expect(page.locator('#app')).not.toHaveText('');
});
