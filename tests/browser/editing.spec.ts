import { add, addDialog, onward, openDialog, street, theme } from './support/adding';
import { actorNamed, actors, MAP, SLUG } from './support/api';
import { expect, test, type Page } from './support/test';

const ACTOR = 'La Passerelle';

async function open(page: Page, id: string) {
  await page.goto(`/${SLUG}/acteurs/${id}?nomap`);
  await expect(page.getByTestId('actor-name')).toBeVisible();
}
const field = (page: Page, name: string) => page.locator(`[data-field=${name}]`);
const save = (page: Page) => page.getByRole('button', { name: 'Enregistrer' }).click();

test('a saved actor that the filter would hide stays in sight, with a sentence that says why', async ({
  page,
}) => {
  await page.goto(`${MAP}?nomap&category=SPO`);
  await expect(page.getByTestId('count')).toContainText('11 acteurs');
  await add(page, 'Fanfare du lavoir', 'Culture,');
  await expect(page).toHaveURL(/category=SPO/);
  await expect(
    page.getByText('Votre ajout est en Culture, que le filtre cache. Nous le laissons visible.'),
  ).toBeVisible();
  await expect(page.getByTestId('list').getByRole('link', { name: 'Fanfare du lavoir' })).toBeVisible();
  await expect(page.getByTestId('count')).toContainText('11 acteurs');
});

test('a field is changed in place; the history shows before and after; one undoes one’s own', async ({
  page,
  request,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, id);
  await page.getByRole('button', { name: 'Modifier : Téléphone' }).click();
  await page.getByRole('textbox', { name: 'Téléphone' }).fill('02 99 12 34 56');
  await save(page);
  await expect(field(page, 'phone')).toContainText('Enregistré');
  await page.getByRole('button', { name: 'Modifier : Téléphone' }).click();
  const box = page.getByRole('textbox', { name: 'Téléphone' });
  await box.fill('02 99 65 43 21');
  // Leaving the field saves it too.
  await page.getByTestId('actor-name').click();
  await expect(field(page, 'phone')).toContainText('02 99 65 43 21');

  const line = page.getByTestId('history').locator('li').first();
  await expect(line.locator('del')).toHaveText(/02 99 12 34 56/);
  await expect(line.locator('ins')).toHaveText(/02 99 65 43 21/);
  await expect(line).toContainText(/vous \(\S+ \d+\)/);
  await line.getByRole('button', { name: /^Revenir sur la modification/ }).click();
  await expect(field(page, 'phone')).toContainText('02 99 12 34 56');
  await expect(page.getByText('C’est revenu comme avant.')).toBeVisible();
  await expect(page.getByTestId('history').locator('li').first()).toContainText('est revenu en arrière');
});

test('nobody undoes the modification of somebody else', async ({ page, somebody, request }) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, id);
  await page.getByRole('button', { name: 'Ajouter un courriel' }).click();
  await page.getByRole('textbox', { name: 'Courriel' }).fill('lire@exemple.fr');
  await save(page);
  await expect(page.getByTestId('history').getByRole('button', { name: /^Revenir/ })).toHaveCount(1);
  const other = await somebody();
  await open(other, id);
  await expect(other.getByTestId('history').getByText('lire@exemple.fr')).toBeVisible();
  await expect(other.getByTestId('history').getByRole('button', { name: /^Revenir/ })).toHaveCount(0);
});

test('my contributions lists and undoes them, and a recovery code gives them back elsewhere', async ({
  page,
  somebody,
  request,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, id);
  await page.getByRole('button', { name: 'Ajouter un courriel' }).click();
  await page.getByRole('textbox', { name: 'Courriel' }).fill('lire@exemple.fr');
  await save(page);
  await expect(field(page, 'email')).toContainText('Enregistré');
  await page.goto(`/${SLUG}/mes-contributions`);
  await expect(page.getByTestId('contributions').locator('li')).toHaveCount(1);
  await page.getByRole('button', { name: 'Obtenir un code de secours' }).click();
  const code = await page.getByTestId('recovery-code').innerText();

  const elsewhere = await somebody();
  await elsewhere.goto(`/${SLUG}/mes-contributions`);
  await expect(elsewhere.getByText('Vous n’avez encore rien écrit avec cet appareil.')).toBeVisible();
  await elsewhere.getByLabel('Votre code de secours').fill(code);
  await elsewhere.getByRole('button', { name: 'Me retrouver' }).click();
  const lines = elsewhere.getByTestId('contributions').locator('li');
  await expect(lines).toHaveCount(1);
  await lines.getByRole('button', { name: /^Revenir/ }).click();
  await expect(elsewhere.getByText('C’est revenu comme avant.')).toBeVisible();
  expect((await (await request.get(`/api/v1/actors/${id}`)).json()).fields.email ?? null).toBeNull();
});

test('« C’est juste » says so, once a day, and can be taken back', async ({ page, request }) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, id);
  await page.getByRole('button', { name: 'C’est juste' }).click();
  await expect(page.getByText('C’est noté : la fiche est juste.')).toBeVisible();
  await expect(page.getByTestId('right')).toHaveText('Confirmé aujourd’hui');
  await expect(page.getByTestId('right')).toBeDisabled();
  await page.getByTestId('toast').getByRole('button', { name: 'Annuler' }).click();
  await expect(page.getByTestId('right')).toHaveText('C’est juste');
});

test('opening hours are chosen by days and times, and the editor takes the focus', async ({
  page,
  request,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, id);
  await page.getByRole('button', { name: 'Ajouter les horaires' }).click();
  await expect(page.getByRole('button', { name: 'lundi' })).toBeFocused();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'mercredi' }).click();
  await page.getByLabel('De', { exact: true }).fill('14:00');
  await page.getByLabel('à', { exact: true }).fill('18:30');
  await save(page);
  await expect(field(page, 'opening_hours')).toContainText('Lundi, mercredi, 14 h – 18 h 30');
  // The page shows the value at once; the server has it a moment later.
  const stored = async () => (await (await request.get(`/api/v1/actors/${id}`)).json()).fields.opening_hours;
  await expect.poll(stored).toBe('Mo,We 14:00-18:30');
});

test('a refused value stays in the editor, under the sentence that says what to correct', async ({
  page,
  request,
  watch,
}) => {
  watch.allow(/422 \(/);
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, id);
  await page.getByText('Autres renseignements').click();
  await page.getByRole('button', { name: 'Ajouter le numéro RNA' }).click();
  await page.getByRole('textbox', { name: 'Numéro RNA' }).fill('W35200');
  await save(page);
  await page.getByRole('button', { name: 'Corriger' }).click();
  const box = page.getByRole('textbox', { name: 'Numéro RNA' });
  await expect(box).toHaveValue('W35200');
  await expect(box).toHaveAttribute('aria-invalid', 'true');
  await box.fill('W352001234');
  await save(page);
  await expect(field(page, 'rna')).toContainText('Enregistré');
});

test('a reload in the middle of the dialog keeps what was typed', async ({ page }) => {
  await page.goto(`${MAP}?nomap`);
  await openDialog(page);
  const dialog = addDialog(page);
  await dialog.getByLabel('Comment s’appelle-t-il ?').fill('Chorale du dimanche');
  await onward(page).click();
  await theme(page, 'Culture,').click();
  await onward(page).click();
  await street(page).fill('rue haute');
  await dialog.getByRole('option', { name: 'Rue Haute' }).click();
  await onward(page).click();
  await dialog.getByLabel('En une phrase').fill('On y chante sans savoir chanter');
  await page.reload();
  await openDialog(page);
  await expect(dialog.getByLabel('En une phrase')).toHaveValue('On y chante sans savoir chanter');
  await onward(page).click();
  await expect(page.getByTestId('actor-name')).toHaveText('Chorale du dimanche');
  await expect(page.getByTestId('sheet')).toContainText('On y chante sans savoir chanter');
  await expect(page.getByTestId('sheet')).toContainText('Rue Haute');
});

test.describe('while the server is stopped', () => {
  test.beforeEach(({ watch }) =>
    watch.allow(/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/),
  );

  test('a change is kept, says so, survives a closed page, and leaves once the server is back', async ({
    page,
    request,
    site,
  }) => {
    const { id } = (await actorNamed(request, ACTOR)).properties;
    await open(page, id);
    await page.getByRole('button', { name: 'Dire en une phrase ce qu’on y fait' }).click();
    await page.getByRole('textbox', { name: 'En une phrase' }).fill('On y lit sous la verrière.');
    await site.end();
    await save(page);
    await expect(page.locator('.summary')).toHaveText('On y lit sous la verrière.');
    await expect(page.getByRole('button', { name: 'Hors ligne · 1 envoi en attente' })).toBeVisible();

    const context = page.context();
    await page.close();
    await site.begin();
    const again = await context.newPage();
    await open(again, id);
    await expect(again.locator('.summary')).toHaveText('On y lit sous la verrière.');
    await expect
      .poll(async () => (await (await request.get(`/api/v1/actors/${id}`)).json()).fields.summary)
      .toBe('On y lit sous la verrière.');
  });

  test('a new actor is kept, shown, and sent by itself', async ({ page, request, site }) => {
    await page.goto(`${MAP}?nomap`);
    await openDialog(page);
    await addDialog(page).getByLabel('Comment s’appelle-t-il ?').fill('Bal des absents');
    await onward(page).click();
    await theme(page, 'Culture,').click();
    await onward(page).click();
    await addDialog(page).getByRole('button', { name: 'Pas de lieu' }).click();
    await onward(page).click();
    await site.end();
    await onward(page).click();
    await expect(page.getByTestId('actor-name')).toHaveText('Bal des absents');
    await expect(page.getByText('Gardé sur cet appareil, partira avec le réseau.').first()).toBeVisible();
    await site.begin();
    await page.getByRole('button', { name: /Hors ligne/ }).click();
    await page.getByRole('button', { name: 'Essayer de nouveau' }).first().click();
    await expect
      .poll(async () => (await actors(request, 'q=absents')).features.map((f) => f.properties.name), {
        timeout: 30_000,
      })
      .toEqual(['Bal des absents']);
    await expect(page.locator('.bar').getByText('En ligne, tout est parti')).toBeVisible();
  });
});
