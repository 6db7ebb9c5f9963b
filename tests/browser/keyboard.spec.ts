import { readFileSync } from 'node:fs';
import { MAP } from './support/api';
import { expect, mapIdle, test, type Page } from './support/test';

const NAME = 'Atelier des mains libres';

/** Presses Tab until the element with this accessible name has focus. */
async function tabTo(page: Page, name: RegExp) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    if ((await focused.count()) === 0) continue;
    const heard = await focused.evaluate((element) => {
      const labels = (element as HTMLInputElement).labels;
      return (
        element.getAttribute('aria-label') ??
        (labels && labels.length > 0 ? labels[0]!.textContent : element.textContent) ??
        ''
      ).trim();
    });
    if (name.test(heard)) return;
  }
  throw new Error(`Tab never reaches ${name}`);
}

test('this file touches nothing but keys', () => {
  const source = readFileSync(__filename, 'utf8');
  const forbidden = ['click', 'dblclick', 'tap', 'check', 'fill', 'selectOption', 'hover', 'dragTo'].map(
    (call) => `.${call}(`,
  );
  for (const call of [...forbidden, 'page.' + 'mouse', 'touch' + 'screen'])
    expect(source.includes(call), `no ${call} here`).toBe(false);
});

test('everything is done from the keyboard: find, add, place, save, correct, undo', async ({ page }) => {
  await page.goto(`${MAP}?nomap`);
  await expect(page.getByTestId('list').getByRole('link').first()).toBeVisible();

  await test.step('the first stop leads past the bar to the list', async () => {
    await page.keyboard.press('Tab');
    await expect(page.locator(':focus')).toHaveText('Aller à la liste');
    await page.keyboard.press('Enter');
    await tabTo(page, /Accueil de jour/);
  });
  await test.step('the search opens with a slash and answers to the arrows', async () => {
    await page.keyboard.press('/');
    await expect(page.getByRole('combobox', { name: 'Chercher un acteur' })).toBeFocused();
    await page.keyboard.type('mediath');
    await expect(page.getByRole('option', { name: /Médiathèque Colette/ })).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('actor-name')).toHaveText('Médiathèque Colette');
    await expect(page.getByTestId('actor-name')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('sheet')).toBeHidden();
  });
  await test.step('a letter opens the dialog, four answers close it', async () => {
    await page.keyboard.press('l');
    await page.keyboard.press('a');
    await expect(page.getByLabel('Comment s’appelle-t-il ?')).toBeFocused();
    await page.keyboard.type(NAME);
    await page.keyboard.press('Enter');
    await expect(page.getByText('Question 2 sur 4')).toBeVisible();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('radio', { name: /Alimentation/ })).toBeChecked();
    await page.keyboard.press('Enter');
    await expect(page.getByText('Question 3 sur 4')).toBeVisible();
    await tabTo(page, /Chercher une adresse/);
    await page.keyboard.type('4 rue haute');
    await expect(page.getByRole('option', { name: '4 Rue Haute' })).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByText('Placé à cette adresse', { exact: false }).first()).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(page.getByLabel('En une phrase, que peut-on y faire ?')).toBeFocused();
    await page.keyboard.type('On y répare ses outils ensemble.');
    await tabTo(page, /Mettre sur la carte/);
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('actor-name')).toHaveText(NAME);
    await expect(page.getByTestId('actor-name')).toBeFocused();
  });
  await test.step('a field is written in place and saved on Enter', async () => {
    await tabTo(page, /Ajouter un téléphone/);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('textbox', { name: 'Téléphone' })).toBeFocused();
    await page.keyboard.type('02 99 00 00 01');
    await page.keyboard.press('Enter');
    await expect(page.locator('[data-field=phone]')).toContainText('Enregistré');
  });
  await test.step('the history gives it back', async () => {
    await expect(page.getByTestId('history').getByText('02 99 00 00 01')).toBeVisible();
    await tabTo(page, /Revenir sur la modification de .+/);
    await page.keyboard.press('Enter');
    await expect(page.locator('[data-field=phone]')).toBeHidden();
  });
  await test.step('Escape goes back to the line of the list', async () => {
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('sheet')).toBeHidden();
    await expect(page.locator(':focus')).toContainText(NAME);
  });
  await test.step('a theme answers to the space bar', async () => {
    await page.keyboard.press('/');
    await tabTo(page, /Tous les thèmes/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect(page).toHaveURL(/category=[A-Z]{3}/);
  });
});

test('the map is one stop of the keyboard: arrows move it, Enter lists what lies at its centre', async ({
  page,
}) => {
  await page.goto(`${MAP}?test`);
  await mapIdle(page);
  await page.keyboard.press('m');
  await expect(page.locator('canvas:focus')).toBeVisible();
  await page.keyboard.press('+');
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/bbox=/);
  await expect(page.getByTestId('count')).toContainText('dans cette vue');
  await mapIdle(page);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('count')).toBeFocused();
  await expect(page.getByTestId('count')).toContainText('à cet endroit');
});
