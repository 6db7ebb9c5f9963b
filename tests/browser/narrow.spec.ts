import { addDialog, onward, openDialog, theme } from './support/adding';
import { actorNamed, MAP, SLUG } from './support/api';
import { expect, test, type Page } from './support/test';

/** Nothing scrolls sideways, and everything that can be pressed lies inside the screen. */
async function fits(page: Page, what: string) {
  const faults = await page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const found: string[] = [];
    const root = document.scrollingElement!;
    if (root.scrollWidth > wide) found.push(`the page is ${root.scrollWidth} px wide`);
    const dialog = document.querySelector('dialog[open]');
    if (dialog && dialog.scrollWidth > dialog.clientWidth) found.push(`the dialog scrolls sideways`);
    const scope = dialog ?? document;
    for (const element of scope.querySelectorAll<HTMLElement>(
      'a, button, input, select, textarea, h1, h2, h3, dd',
    )) {
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      if (element.closest('.vh, .trap, .chips, .skips, .maplibregl-map') || element.matches('.vh')) continue;
      const box = element.getBoundingClientRect();
      if (box.width <= 1) continue;
      if (box.left < -1 || box.right > wide + 1)
        found.push(
          `${element.tagName} ${(element.textContent ?? '').trim().slice(0, 40)}: ${box.left}–${box.right}`,
        );
      const style = getComputedStyle(element);
      if (
        style.overflowX !== 'visible' &&
        element.matches('a, button') &&
        element.scrollWidth > element.clientWidth + 1
      )
        found.push(`${element.tagName} ${(element.textContent ?? '').trim().slice(0, 40)} is cut`);
    }
    return found;
  });
  expect(faults, what).toEqual([]);
}

const SCREENS: Record<string, { width: number; height: number; text: string }> = {
  '320 pixels wide': { width: 320, height: 568, text: '100%' },
  'text twice as large on a phone': { width: 390, height: 844, text: '200%' },
  'text twice as large on a desk': { width: 1280, height: 800, text: '200%' },
};

for (const [name, { width, height, text }] of Object.entries(SCREENS))
  test.describe(name, () => {
    test.use({ viewport: { width, height } });
    const open = async (page: Page, path: string) => {
      await page.goto(path);
      await page.evaluate((size) => (document.documentElement.style.fontSize = size), text);
    };

    test('home, history, my contributions and the legal pages fit', async ({ page }) => {
      for (const path of [
        `/${SLUG}`,
        `/${SLUG}/historique`,
        `/${SLUG}/mes-contributions`,
        '/mentions-legales',
        '/accessibilite',
      ]) {
        await open(page, `${path}?nomap`);
        await expect(page.locator('h1').first()).toBeVisible();
        await fits(page, path);
      }
    });

    test('map page, themes, sheet, editor and embed fit', async ({ page, request }) => {
      await open(page, `${MAP}?nomap`);
      await expect(page.getByTestId('list').getByRole('link').first()).toBeVisible();
      await fits(page, 'list');
      await page
        .getByRole('button', { name: /Tous les thèmes|Thèmes/ })
        .first()
        .click();
      await fits(page, 'themes');
      const { id } = (await actorNamed(request, 'Épicerie solidaire Le Panier de la Vernelle')).properties;
      await open(page, `/${SLUG}/acteurs/${id}?nomap`);
      await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
      await fits(page, 'sheet');
      await page.getByRole('button', { name: 'Dire en une phrase ce qu’on y fait' }).click();
      await fits(page, 'editor');
      await open(page, `/embed/${SLUG}?nomap`);
      await expect(page.getByTestId('list').getByRole('link').first()).toBeVisible();
      await fits(page, 'embed');
    });

    test('the four questions of the dialog fit', async ({ page }) => {
      await open(page, `${MAP}?nomap`);
      if (width < 720) await page.getByTestId('dock-add').click();
      else await openDialog(page);
      await addDialog(page).getByLabel('Comment s’appelle-t-il ?').fill('Jardins de la Vernelle');
      await expect(page.getByTestId('twins')).toBeVisible();
      await fits(page, 'name');
      await onward(page).click();
      await theme(page, 'Alimentation').click();
      await fits(page, 'theme');
      await onward(page).click();
      await addDialog(page).getByLabel('Ou un quartier').selectOption({ index: 1 });
      await fits(page, 'place');
      await onward(page).click();
      await fits(page, 'sentence');
    });
  });
