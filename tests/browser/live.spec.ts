import { add, addDialog, onward, openDialog, theme } from './support/adding';
import { actorNamed, change, MAP, SLUG } from './support/api';
import { expect, test, type Page } from './support/test';

const ACTOR = 'La Passerelle';
const presence = (page: Page) => page.getByTestId('presence').first();
/** The page hears of others from now on. */
const live = (page: Page) => expect(presence(page)).toBeVisible();

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await live(page);
}
/** Somebody takes a nickname, through the panel behind the tokens. */
async function callMyself(page: Page, name: string): Promise<void> {
  await presence(page).click();
  const panel = page.getByTestId('people');
  await panel.getByLabel('Votre prénom ou surnom').fill(name);
  await panel.getByRole('button', { name: 'Enregistrer' }).click();
  await expect(page.getByText(`Ici, on vous appelle ${name}.`)).toBeVisible();
  await panel.getByRole('button', { name: 'Fermer' }).click();
}
async function writeSentence(page: Page, text: string): Promise<void> {
  await page
    .getByTestId('sheet')
    .getByRole('button', { name: /Dire en une phrase|Changer la phrase/ })
    .click();
  await page.getByRole('textbox', { name: 'En une phrase' }).fill(text);
}

test('an open sheet changes field by field, never in the field that is being written', async ({
  page,
  request,
  watch,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await open(page, `/${SLUG}/acteurs/${id}?nomap`);
  await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
  await writeSentence(page, 'On y prête des outils.');
  const before = watch.asked.length;
  await change(request, id, 'phone', '+33 2 99 00 00 01');
  await expect(page.locator('[data-field=phone]')).toContainText('2 99 00 00 01');
  await change(request, id, 'summary', 'On y répare tout.');
  await expect(page.getByText('En ligne : « On y répare tout. »')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'En une phrase' })).toHaveValue('On y prête des outils.');
  const asked = watch.asked.slice(before);
  expect(asked.filter((url) => url.endsWith(`/actors/${id}`))).toEqual([]);
  expect(asked.filter((url) => url.includes('/changes'))).toEqual([]);

  // The server decides, on what was there when the writing began.
  watch.allow(/409 \(Conflict\)/);
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  const panel = page.getByTestId('conflict');
  await expect(panel.getByTestId('theirs')).toHaveText('On y répare tout.');
  await expect(panel.getByTestId('mine')).toHaveText('On y prête des outils.');
});

test('opening a field and leaving it untouched never puts an old value back', async ({ page, request }) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await change(request, id, 'phone', '+33 2 99 00 00 01');
  await open(page, `/${SLUG}/acteurs/${id}?nomap`);
  await page.locator('[data-field=phone]').getByRole('button').click();
  await change(request, id, 'phone', '+33 2 99 00 00 02');
  await expect(page.getByText('vient de changer ce champ')).toBeVisible();
  await page.getByTestId('actor-name').click();
  await expect(page.locator('[data-field=phone]')).toContainText('2 99 00 00 02');
  await expect(page.getByTestId('conflict')).toBeHidden();
});

test('the list and its count follow what others add and rename, without a reload', async ({
  page,
  somebody,
  request,
  watch,
}) => {
  await open(page, `${MAP}?nomap`);
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await change(request, id, 'name', 'La Grande Passerelle');
  await expect(page.getByTestId('list').getByText('La Grande Passerelle')).toBeVisible();
  const other = await somebody();
  await open(other, `${MAP}?nomap`);
  await add(other, 'Aaa Fanfare du port');
  await expect(page.getByTestId('count')).toContainText('95 acteurs');
  await expect(page.getByTestId('list').getByText('Aaa Fanfare du port')).toBeVisible();
  expect(watch.asked.filter((url) => url.includes('/api/v1/changes'))).toEqual([]);
});

test('people see who is here, by name or number, and in which field somebody writes', async ({
  page,
  somebody,
  request,
  watch,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  const ana = await somebody();
  await open(page, `/${SLUG}/acteurs/${id}?nomap`);
  await open(ana, `/${SLUG}/acteurs/${id}?nomap`);
  await expect(presence(page)).toHaveAccessibleName('2 personnes sur la carte');
  await callMyself(ana, 'Ana');
  await expect(presence(page)).toHaveAccessibleName('2 personnes sur la carte : Ana');

  await writeSentence(ana, 'On y…');
  await expect(page.getByTestId('sheet').getByText('Ana modifie : En une phrase')).toBeVisible();
  await expect(page.locator(`a[data-actor="${id}"]`)).toContainText('Ana modifie');
  await presence(page).click();
  await expect(page.getByTestId('people')).toContainText(`modifie « ${ACTOR} » (En une phrase)`);
  await ana.keyboard.press('Escape');
  await expect(page.getByTestId('sheet').getByText('Ana modifie')).toBeHidden();

  // Remembered on the device; and nobody is shown as present without a network.
  await ana.reload();
  await live(ana);
  await expect(presence(page)).toHaveAccessibleName('2 personnes sur la carte : Ana');
  watch.allow(/ERR_INTERNET_DISCONNECTED/);
  await ana.context().setOffline(true);
  await expect(ana.getByTestId('presence')).toHaveCount(0);
  await expect(presence(page)).toHaveAccessibleName('1 personne sur la carte');
  await ana.context().setOffline(false);
  await expect(presence(page)).toHaveAccessibleName('2 personnes sur la carte : Ana');
});

test('the radar tells who adds the same, and shows it once it is there', async ({ page, somebody }) => {
  const amina = await somebody();
  await open(page, `${MAP}?nomap`);
  await open(amina, `${MAP}?nomap`);
  await callMyself(amina, 'Amina');
  await openDialog(amina);
  await addDialog(amina).getByLabel('Comment s’appelle-t-il ?').fill('Repair Café');
  await openDialog(page);
  await addDialog(page).getByLabel('Comment s’appelle-t-il ?').fill('Le repair cafe');
  const radar = page.getByTestId('radar');
  await expect(radar).toContainText('Amina ajoute « Repair Café »');
  await expect(amina.getByTestId('radar')).toContainText('ajoute « Le repair cafe »');

  await onward(amina).click();
  await theme(amina, 'Je ne sais pas').click();
  await onward(amina).click();
  await addDialog(amina).getByRole('button', { name: 'Pas de lieu' }).click();
  await onward(amina).click();
  await onward(amina).click();
  await expect(radar).toContainText('vient d’ajouter « Repair Café »');
  await radar.getByRole('link', { name: 'Voir' }).click();
  await expect(page.getByTestId('actor-name')).toHaveText('Repair Café');
});

test('behind a proxy that lets no socket through, the page asks instead', async ({
  page,
  request,
  watch,
}) => {
  watch.allow(/WebSocket/);
  await page.routeWebSocket(/\/api\/v1\/live/, (socket) => void socket.close());
  const { id } = (await actorNamed(request, ACTOR)).properties;
  await page.goto(`/${SLUG}/acteurs/${id}?nomap`);
  await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
  await change(request, id, 'phone', '+33 2 99 00 00 01');
  await expect(page.locator('[data-field=phone]')).toContainText('2 99 00 00 01', { timeout: 30_000 });
  await expect(page.getByTestId('presence')).toHaveCount(0);
  expect(watch.asked.some((url) => url.includes('/api/v1/changes'))).toBe(true);
});
