import { actorNamed, MAP, SLUG } from './support/api';
import { expect, test, type Page } from './support/test';

/** Words that no English sentence of the interface holds. Names of places and people stay as they are. */
const FRENCH =
  /\b(acteurs?|ajouter|carte|chercher|liste|thèmes?|tous|toutes|vérifier|fermer|partager|historique|modifier|horaires|téléphone|courriel|jamais|confirmé|repris|aucun|rue, un|avec|dans|pour|votre|vous|lieu|nom)\b/i;

/** What is seen and what a screen reader says, without the data that people wrote. */
async function words(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const data =
      '.card-name, [data-testid=actor-name], dd .grow, .facts dd, address, .brand-text b, option, ' +
      '.item-head b, .field-line ins, .field-line del, .two-sides dd, .case-title';
    const said: string[] = [document.title];
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      for (const name of ['aria-label', 'placeholder', 'title']) {
        const text = element.getAttribute(name);
        if (text) said.push(text);
      }
      if (element.closest(data) || element.closest('[lang=fr]')) continue;
      for (const node of element.childNodes)
        if (node.nodeType === Node.TEXT_NODE && node.textContent?.trim()) said.push(node.textContent.trim());
    }
    return said;
  });
}

async function noFrench(page: Page, except: RegExp[] = []) {
  const left = (await words(page)).filter(
    (text) => FRENCH.test(text) && !except.some((name) => name.test(text)),
  );
  expect(left, 'French words left').toEqual([]);
}

test('?lang=en says every word of the map page in English, and the choice stays', async ({
  page,
  request,
}) => {
  const { id } = (await actorNamed(request, 'Ludothèque Pirouette')).properties;
  await page.goto(`${MAP}?nomap&lang=en`);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByTestId('count')).toContainText('94 actors');
  const street = [
    /Rue |Avenue |Boulevard |Quai |Impasse |Route |Place |Venelle |Square |Grande Rue|Launay|Ville-aux/,
  ];
  await noFrench(page, street);
  await page.goto(`/${SLUG}/acteurs/${id}?nomap`);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByTestId('actor-name')).toHaveText('Ludothèque Pirouette');
  await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
  await noFrench(page, [...street, /Ludothèque/]);
  await page.getByTestId('add-actor').click();
  await expect(page.getByRole('dialog')).toContainText('Question 1');
  await noFrench(page, [...street, /Ludothèque/]);
});

for (const path of [
  `/${SLUG}`,
  '/mentions-legales',
  '/donnees-personnelles',
  '/accessibilite',
  `/${SLUG}/mes-contributions`,
])
  test(`${path} speaks English too`, async ({ page }) => {
    await page.goto(`${path}?nomap&lang=en`);
    await expect(page.locator('h1').first()).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    await noFrench(page);
  });

test('imports and moderation speak English too', async ({ page, site }) => {
  await page.goto(site.invitation('admin'));
  await page.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(page.getByRole('link', { name: 'Aller à la carte' })).toBeVisible();
  await page.goto(`/${SLUG}/imports?lang=en`);
  await expect(page.getByRole('heading', { name: 'Imports from OpenStreetMap' })).toBeVisible();
  await expect(page.getByTestId('runs').locator('li').first()).toBeVisible();
  await noFrench(page);
  await page.getByTestId('runs').getByRole('link').first().click();
  await expect(page.getByTestId('items').locator('> li').first()).toBeVisible();
  await noFrench(page);
  await page.goto(`/${SLUG}/moderation`);
  await expect(page.getByText('No case to settle.').first()).toBeVisible();
  await noFrench(page);
});

test('the foot of the page changes the language', async ({ page }) => {
  await page.goto(`/${SLUG}?nomap`);
  await page.getByRole('link', { name: 'English' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.getByRole('link', { name: 'Français' }).click();
  await expect(page.getByRole('heading', { name: 'Qui agit à Solvigné ?' })).toBeVisible();
});
