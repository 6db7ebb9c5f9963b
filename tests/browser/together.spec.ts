import { add } from './support/adding';
import { actorNamed, MAP, SLUG } from './support/api';
import { expect, test, type Page } from './support/test';

const ACTOR = 'La Passerelle';
const ONE = 'On y emprunte des livres et des disques.';
const TWO = 'On y lit la presse au chaud.';

/** Opens the editor of the sentence, types, and does not save yet. */
async function write(page: Page, text: string) {
  await page
    .getByTestId('sheet')
    .getByRole('button', { name: /Dire en une phrase|Changer la phrase/ })
    .click();
  await page.getByRole('textbox', { name: 'En une phrase' }).fill(text);
}
const save = (page: Page) => page.getByRole('button', { name: 'Enregistrer' }).click();

test.describe('two people write the same field', () => {
  let one: Page;
  let two: Page;
  let id: string;

  test.beforeEach(async ({ page, somebody, request, watch }) => {
    // Chromium reports the answer to a conflicting edit as a failed resource.
    watch.allow(/409 \(Conflict\)/);
    id = (await actorNamed(request, ACTOR)).properties.id;
    one = page;
    two = await somebody();
    for (const person of [one, two]) await person.goto(`/${SLUG}/acteurs/${id}?nomap`);
    await write(one, ONE);
    await write(two, TWO);
    await save(one);
    await expect(one.getByTestId('sheet').getByText(ONE).first()).toBeVisible();
    await save(two);
  });

  test('the second one sees both answers, side by side, with buttons of the same weight', async () => {
    const panel = two.getByTestId('conflict');
    await expect(panel.getByRole('heading', { name: 'Vous avez été deux à répondre' })).toBeVisible();
    await expect(panel.getByTestId('theirs')).toHaveText(ONE);
    await expect(panel.getByTestId('mine')).toHaveText(TWO);
    const buttons = panel.locator('.answer-card button');
    await expect(buttons).toHaveCount(2);
    await expect(panel.locator('.btn.main')).toHaveCount(0);
    const boxes = await Promise.all([buttons.nth(0).boundingBox(), buttons.nth(1).boundingBox()]);
    expect(boxes[0]!.height).toBeCloseTo(boxes[1]!.height, 0);
  });

  test('« Mettre ma version » puts it online, and the first one sees it without reloading', async () => {
    await two.getByRole('button', { name: 'Mettre ma version' }).click();
    await expect(two.getByTestId('conflict')).toBeHidden();
    await expect(two.locator('.summary')).toHaveText(TWO);
    await expect(one.locator('.summary')).toHaveText(TWO);
    await expect(one.getByTestId('history').getByText(ONE).first()).toBeVisible();
  });

  test('« Laisser la version » keeps the answer that is online', async ({ request }) => {
    await two.getByRole('button', { name: /^Laisser la version de/ }).click();
    await expect(two.getByTestId('conflict')).toBeHidden();
    await expect(two.locator('.summary')).toHaveText(ONE);
    const actor = await (await request.get(`/api/v1/actors/${id}`)).json();
    expect(actor.fields.summary).toBe(ONE);
  });

  test('deciding later loses nothing, even across a reload', async () => {
    await two.getByRole('button', { name: 'Décider plus tard' }).click();
    await expect(two.getByText('1 réponse attend votre choix.')).toBeVisible();
    await two.reload();
    await expect(two.getByTestId('conflict').getByTestId('mine')).toHaveText(TWO);
    await expect(two.getByTestId('conflict').getByTestId('theirs')).toHaveText(ONE);
  });

  test('rewriting starts from both answers', async () => {
    await two.getByRole('button', { name: 'Réécrire à partir des deux' }).click();
    const field = two.getByRole('textbox', { name: 'En une phrase' });
    await expect(field).toHaveValue(new RegExp(`${ONE}\\s+${TWO}`));
    await field.fill('Des livres, des disques et la presse.');
    await save(two);
    await expect(two.locator('.summary')).toHaveText('Des livres, des disques et la presse.');
  });
});

test('two people who change different fields do not disturb each other', async ({
  page,
  somebody,
  request,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  const other = await somebody();
  for (const person of [page, other]) await person.goto(`/${SLUG}/acteurs/${id}?nomap`);
  await write(page, ONE);
  await other.getByRole('button', { name: 'Ajouter un courriel' }).click();
  await other.getByRole('textbox', { name: 'Courriel' }).fill('lire@exemple.fr');
  await save(page);
  await save(other);
  await expect(other.locator('.summary')).toHaveText(ONE);
  await expect(page.locator('[data-field=email]')).toContainText('lire@exemple.fr');
  await expect(other.getByTestId('conflict')).toBeHidden();
});

test('what others do shows up within seconds and never takes the focus away', async ({ page, somebody }) => {
  await page.goto(`${MAP}?nomap`);
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  await page.getByTestId('list').getByRole('link').first().focus();
  const other = await somebody();
  await other.goto(`${MAP}?nomap`);
  await add(other, 'Zénith des quartiers');

  const pill = page.getByRole('button', { name: '1 nouveauté' });
  await expect(pill).toBeVisible();
  await expect(page.getByTestId('list').getByRole('link').first()).toBeFocused();
  await pill.click();
  await expect(page.getByTestId('count')).toContainText('95 acteurs');
});
