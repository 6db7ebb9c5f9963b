import { actorNamed, actors, SLUG } from './support/api';
import { expect, test } from './support/test';

const ACTOR = 'Le Cabas paysan';

test('a moderator comes by an invitation link that serves once, takes an actor off the map, and puts it back', async ({
  page,
  site,
  request,
  somebody,
  watch,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  const path = `/${SLUG}/acteurs/${id}?nomap`;
  const invitation = site.invitation('moderator');

  await page.goto(path);
  await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Retirer de la carte' })).toHaveCount(0);

  await page.goto(invitation);
  await page.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(page.getByText('Bienvenue. Vous êtes maintenant modérateur ou modératrice.')).toBeVisible();
  expect(page.url(), 'the used link leaves the address bar').not.toContain('#');

  await page.goto(path);
  await page.getByRole('button', { name: 'Retirer de la carte' }).click();
  const question = page.getByRole('dialog', { name: `Retirer « ${ACTOR} » de la carte ?` });
  await question.getByRole('button', { name: 'Garder' }).click();
  expect((await actors(request)).numberMatched).toBe(94);
  await page.getByRole('button', { name: 'Retirer de la carte' }).click();
  await question.getByRole('button', { name: 'Retirer' }).click();
  await expect(page.getByText('Cet acteur a été retiré de la carte.')).toBeVisible();
  await expect(page.getByTestId('count')).toContainText('93 acteurs');
  await expect(page.getByTestId('list').getByRole('link', { name: ACTOR })).toHaveCount(0);
  expect((await actors(request)).numberMatched).toBe(93);

  await page.getByTestId('sheet').getByRole('button', { name: 'Remettre' }).click();
  await expect(page.getByTestId('count')).toContainText('94 acteurs');
  await expect(page.getByTestId('list').getByRole('link', { name: ACTOR })).toBeVisible();
  await expect(page.getByTestId('history')).toContainText('a remis cet acteur sur la carte');

  watch.allow(/status of 4\d\d/);
  const late = await somebody();
  await late.goto(invitation);
  await late.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(late.getByRole('alert')).toBeVisible();
});

test('anybody may report a closing; a moderator undoes the modification of somebody else', async ({
  page,
  site,
  request,
  somebody,
}) => {
  const { id } = (await actorNamed(request, ACTOR)).properties;
  const path = `/${SLUG}/acteurs/${id}?nomap`;
  await page.goto(path);
  await page.getByRole('button', { name: 'Signaler une fermeture' }).click();
  await page.getByLabel('Qu’avez-vous constaté ?').fill('Rideau baissé depuis mai');
  await page.getByRole('button', { name: 'Signaler', exact: true }).click();
  await expect(
    page.getByText('Une personne propose de le retirer : « Rideau baissé depuis mai »'),
  ).toBeVisible();
  expect((await actors(request)).numberMatched).toBe(94);

  const moderator = await somebody();
  await moderator.goto(site.invitation('moderator'));
  await moderator.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(moderator.getByRole('link', { name: 'Aller à la carte' })).toBeVisible();
  await moderator.goto(path);
  const line = moderator.getByTestId('history').locator('li', { hasText: 'Rideau baissé' });
  await line.getByRole('button', { name: /^Revenir/ }).click();
  await expect(moderator.getByText('Une personne propose de le retirer')).toHaveCount(0);
});
