/**
 * The twelve conflicts at the head of sync-protocol.md, each with two real browsers and the real server, which is killed between the two saves
 * in most of them. Each ends with both people seeing both values, and with the same state in both browsers, the list, a tile and the export.
 */
import { actorNamed, change, SLUG } from './support/api';
import * as pair from './support/pair';
import { expect, test, type Page } from './support/test';

const ACTOR = 'La Passerelle';
let one: Page;
let two: Page;
let id: string;

test.beforeEach(async ({ page, somebody, request, watch }) => {
  // What a stopped server, a cut network and a conflict look like in a browser's console.
  watch.allow(/409 \(Conflict\)|WebSocket|ERR_(CONNECTION|INTERNET|EMPTY|NETWORK|SOCKET)/);
  id = (await actorNamed(request, ACTOR)).properties.id;
  one = page;
  two = await somebody();
});
const openBoth = async () => {
  for (const person of [one, two]) await pair.open(person, id);
};
const offline = (page: Page, off: boolean) => page.context().setOffline(off);

test('1: the same field, the server killed between the two saves', async ({ site, request }) => {
  await openBoth();
  await pair.type(one, 'name', 'La Passerelle du port');
  await pair.type(two, 'name', 'La Passerelle haute');
  await pair.save(one);
  await pair.taken(one);
  await pair.killed(site, async () => {
    await pair.save(two);
    await pair.waits(two);
  });
  await pair.seesBoth(two, 'La Passerelle du port', 'La Passerelle haute');
  await pair.putMine(two);
  await pair.bothInHistory([one, two], 'La Passerelle du port', 'La Passerelle haute');
  const value = 'La Passerelle haute';
  await pair.agree([one, two], site, request, id, {
    field: 'name',
    value,
    shown: value,
  });
});

test('2: the same field, one of them offline for ten minutes', async ({ site, request }) => {
  await two.clock.install();
  await openBoth();
  await offline(two, true);
  await pair.type(two, 'summary', 'On y apprend à coudre.');
  await pair.save(two);
  await pair.waits(two);
  await pair.type(one, 'summary', 'On y apprend à souder.');
  await pair.save(one);
  await pair.taken(one);
  await two.clock.fastForward('10:00');
  await pair.killed(site);
  await offline(two, false);
  await pair.seesBoth(two, 'On y apprend à souder.', 'On y apprend à coudre.');
  await expect(pair.panel(two).locator('.answer-card.mine')).toContainText('il y a 10 minutes');
  await pair.putMine(two);
  await pair.bothInHistory([one, two], 'On y apprend à souder.', 'On y apprend à coudre.');
  const value = 'On y apprend à coudre.';
  await pair.agree([one, two], site, request, id, {
    field: 'summary',
    value,
    shown: value,
  });
});

test('3: two places for one actor, the server killed in between', async ({ site, request }) => {
  await openBoth();
  await pair.move(one, 'Centre-Remparts');
  await pair.move(two, 'La Gare - Les Filatures');
  await pair.save(one);
  await pair.taken(one);
  await pair.killed(site, () => pair.save(two));
  const cards = pair.panel(two).locator('.answer-card');
  await expect(pair.panel(two)).toContainText('Les deux lieux sont à', {
    timeout: 60_000,
  });
  await expect(cards).toHaveCount(4);
  while ((await pair.panel(two).count()) > 0)
    await pair
      .panel(two)
      .getByRole('button', { name: 'Mettre ma version' })
      .first()
      .click({ timeout: 5000 })
      .catch(() => undefined);
  await pair.bothInHistory([one, two], 'Centre-Remparts', 'La Gare - Les Filatures');
  await pair.agree([one, two], site, request, id, {
    field: 'place/p1/position',
    shown: 'Gare',
  });
});

test('4: one corrects the address, the other moves the place', async ({ site, request }) => {
  await openBoth();
  await pair.move(two, 'La Gare - Les Filatures');
  await change(one.request, id, 'place/p1/address', {
    street: 'Rue du Vieux Guet',
    city: 'Solvigné',
  });
  await expect(pair.fact(one, 'place')).toContainText('Rue du Vieux Guet');
  await pair.killed(site, () => pair.save(two));
  // The position went through; of the address two answers are there.
  await pair.seesBoth(two, /Rue du Vieux Guet/, /Gare/);
  await expect(pair.panel(two)).toContainText('Le reste de votre envoi est en ligne');
  await pair.putMine(two);
  await pair.bothInHistory([one, two], 'Rue du Vieux Guet', 'La Gare - Les Filatures');
  await pair.agree([one, two], site, request, id, {
    field: 'place/p1/address',
    shown: 'Gare',
  });
});

test('5: one removes a word, the other adds the same: both changes fit together', async ({
  site,
  request,
}) => {
  await pair.open(one, id);
  await pair.type(one, 'tags', 'atelier');
  await pair.save(one);
  await pair.taken(one);
  await pair.open(two, id);
  await offline(two, true);
  await pair.type(two, 'tags', '');
  await pair.save(two);
  await pair.waits(two);
  await pair.type(two, 'tags', 'atelier\nvélo');
  await pair.save(two);
  await pair.type(one, 'tags', '');
  await pair.save(one);
  await expect(pair.fact(one, 'tags')).toHaveCount(0);
  // The page shows it at once; the server must have it before it is killed, or the other one's words come first.
  await pair.holds(request, id, 'tags', undefined);
  await pair.killed(site);
  await offline(two, false);
  for (const page of [one, two])
    await expect(pair.fact(page, 'tags')).toContainText('atelier, vélo', {
      timeout: 60_000,
    });
  await expect(pair.panel(two)).toBeHidden();
  await pair.bothInHistory([one, two], 'atelier', 'atelier, vélo');
  await pair.agree([one, two], site, request, id, {
    field: 'tags',
    value: ['atelier', 'vélo'],
    shown: 'atelier, vélo',
  });
});

test('6: one takes the actor off the map, the other writes in it and puts it back', async ({
  site,
  request,
}) => {
  for (const person of [one, two]) await pair.becomeModerator(person, site);
  await openBoth();
  await pair.type(two, 'summary', 'On y joue tous les jeudis.');
  await pair.takeOff(one, ACTOR);
  await pair.goneAt(one);
  await pair.killed(site, () => pair.save(two));
  await pair.seesBoth(two, 'L’acteur est retiré de la carte.', /On y joue tous les jeudis\./);
  await pair.panel(two).getByRole('button', { name: 'Remettre l’acteur avec ma version' }).click();
  await pair.bothInHistory([one, two], 'a retiré cet acteur de la carte', 'On y joue tous les jeudis.');
  const value = 'On y joue tous les jeudis.';
  await pair.agree([one, two], site, request, id, {
    field: 'summary',
    value,
    shown: value,
  });
});

test('6 turned round: one writes, the other takes away what has changed since', async ({ site, request }) => {
  await pair.becomeModerator(two, site);
  await openBoth();
  await offline(two, true);
  await pair.takeOff(two, ACTOR);
  await pair.type(one, 'summary', 'On y joue tous les jeudis.');
  await pair.save(one);
  await pair.taken(one);
  await pair.killed(site);
  await offline(two, false);
  await pair.seesBoth(two, /On y joue tous les jeudis\./, 'Retirer l’acteur de la carte');
  await pair.panel(two).getByRole('button', { name: 'Laisser l’acteur sur la carte' }).click();
  const value = 'On y joue tous les jeudis.';
  await pair.agree([one, two], site, request, id, {
    field: 'summary',
    value,
    shown: value,
  });
});

test('7: both take the actor off the map', async ({ site, request }) => {
  for (const person of [one, two]) await pair.becomeModerator(person, site);
  await openBoth();
  await offline(two, true);
  await pair.takeOff(two, ACTOR);
  await pair.takeOff(one, ACTOR);
  await pair.goneAt(one);
  await pair.killed(site);
  await offline(two, false);
  for (const page of [one, two]) {
    await expect(page.getByText('Cet acteur a été retiré de la carte.')).toBeVisible({ timeout: 60_000 });
    await expect(page.getByTestId('count')).toContainText('93 acteurs', {
      timeout: 60_000,
    });
  }
  await expect(pair.panel(two)).toBeHidden();
  await pair.agree([one, two], site, request, id, { removed: true });
});

test('8: one puts the actor back while the other writes in it', async ({ site, request }) => {
  await pair.becomeModerator(one, site);
  await openBoth();
  await pair.type(two, 'phone', '+33 2 99 00 00 02');
  await pair.takeOff(one, ACTOR);
  await pair.goneAt(one);
  await pair.killed(site, () => pair.save(two));
  // Whoever may not put it back keeps their answer; when somebody does, it can go online.
  await pair.seesBoth(two, 'L’acteur est retiré de la carte.', /2 99 00 00 02/);
  await expect(pair.panel(two)).toContainText('Seule l’équipe peut remettre un acteur retiré');
  await pair.sheet(one).getByRole('button', { name: 'Remettre' }).click();
  await pair.seesBoth(two, /01 99 00 12 08|1 99 00 12 08/, /2 99 00 00 02/);
  await pair.putMine(two);
  await pair.bothInHistory([one, two], 'a remis cet acteur sur la carte', '+33 2 99 00 00 02');
  const value = '+33 2 99 00 00 02';
  await pair.agree([one, two], site, request, id, {
    field: 'phone',
    value,
    shown: value,
  });
});

test('9: one goes back on a modification that the other has written over', async ({ site, request }) => {
  await pair.open(one, id);
  await pair.type(one, 'name', 'La Passerelle du port');
  await pair.save(one);
  await pair.taken(one);
  await pair.open(two, id);
  const line = one.getByTestId('history').locator('li', { hasText: 'La Passerelle du port' });
  // The history tells its numbers, without which nothing can be undone, when it has been read again.
  await expect(line.getByRole('button', { name: /^Revenir/ })).toBeVisible();
  await offline(one, true);
  await line.getByRole('button', { name: /^Revenir/ }).click();
  await pair.type(two, 'name', 'La Passerelle haute');
  await pair.save(two);
  await pair.taken(two);
  await pair.killed(site);
  await offline(one, false);
  await pair.seesBoth(one, 'La Passerelle haute', ACTOR);
  await expect(pair.panel(one)).toContainText('depuis la modification que vous annulez');
  await pair.putMine(one);
  await pair.bothInHistory([one, two], 'La Passerelle haute', ACTOR);
  await pair.agree([one, two], site, request, id, {
    field: 'name',
    value: ACTOR,
    shown: ACTOR,
  });
});

test('10: two long texts: lines apart go together, the same line is shown twice', async ({
  site,
  request,
}) => {
  await change(request, id, 'description', 'Ouvert à tout le monde.\n\nOn y répare.\n\nEntrée libre.');
  await openBoth();
  await pair.type(one, 'description', 'Ouvert à tous.\n\nOn y répare.\n\nEntrée libre.');
  await pair.type(two, 'description', 'Ouvert à tout le monde.\n\nOn y répare.\n\nEntrée à prix libre.');
  await pair.save(one);
  await pair.taken(one);
  await pair.killed(site, () => pair.save(two));
  for (const page of [one, two]) {
    await expect(pair.fact(page, 'description')).toContainText('Ouvert à tous.', { timeout: 60_000 });
    await expect(pair.fact(page, 'description')).toContainText('Entrée à prix libre.');
  }
  await expect(pair.panel(two)).toBeHidden();

  const written = (middle: string) => `Ouvert à tous.\n\n${middle}\n\nEntrée à prix libre.`;
  await pair.type(one, 'description', written('On y répare des vélos.'));
  await pair.type(two, 'description', written('On y répare des radios.'));
  await pair.save(one);
  await pair.holds(request, id, 'description', written('On y répare des vélos.'));
  await pair.killed(site, () => pair.save(two));
  await pair.seesBoth(two, /vélos/, /radios/);
  await expect(pair.panel(two).locator('mark.theirs')).toHaveText(['vélos.']);
  await expect(pair.panel(two).locator('mark.mine')).toHaveText(['radios.']);
  await pair.putMine(two);
  await pair.bothInHistory([one, two], 'vélos', 'radios');
  const value = written('On y répare des radios.');
  await pair.agree([one, two], site, request, id, {
    field: 'description',
    value,
    shown: 'radios',
  });
});

test('11: somebody writes what their role allowed until it was taken from them', async ({
  site,
  request,
  watch,
}) => {
  // The refusal comes over the socket, or as an answer when the socket is not back yet.
  watch.allow(/403 \(Forbidden\).*\/api\/v1\/edits$/);
  await pair.becomeModerator(two, site);
  await openBoth();
  const status = async (page: Page, label: string) => {
    await pair.sheet(page).getByText('Autres renseignements').click();
    await pair
      .sheet(page)
      .getByRole('button', { name: /en activité|Modifier : Activité/ })
      .first()
      .click();
    await page.getByRole('combobox', { name: 'Activité' }).selectOption(label);
  };
  await status(two, 'Fermé');
  await status(one, 'En sommeil');
  await pair.save(one);
  await pair.taken(one);
  await pair.killed(site, async () => {
    site.revokeAll();
    await pair.save(two);
  });
  // What they chose stays on their screen with the reason, beside what stands.
  const own = pair.fact(two, 'status');
  await expect(own.locator('.error')).toContainText(/équipe|modérat/, {
    timeout: 60_000,
  });
  await expect(own).toContainText('En sommeil');
  await own.getByRole('button', { name: 'Corriger' }).click();
  await expect(two.getByRole('combobox', { name: 'Activité' })).toHaveValue('closed');
  await two.keyboard.press('Escape');
  await pair.agree([one, two], site, request, id, {
    field: 'status',
    value: 'dormant',
    shown: 'En sommeil',
  });
});

test('12: across a restored backup, what it had lost comes back, and meets what was written meanwhile', async ({
  site,
  request,
}) => {
  await openBoth();
  await pair.type(one, 'phone', '+33 2 99 00 00 01');
  await pair.save(one);
  await pair.taken(one);
  const backup = site.backup();
  await offline(two, true);
  await pair.type(two, 'name', 'La Passerelle haute');
  await pair.save(two);
  await pair.waits(two);
  await pair.type(one, 'name', 'La Passerelle du port');
  await pair.save(one);
  await expect(one.getByTestId('history').getByText('La Passerelle du port').first()).toBeVisible();
  await pair.killed(site, () => site.restore(backup));
  // The backup does not know the new name; the browser that was told of it does.
  const name = async () =>
    (await actorNamed(request, 'La Passerelle du port').catch(() => null))?.properties.id;
  await expect.poll(name, { timeout: 60_000 }).toBe(id);
  await offline(two, false);
  await pair.seesBoth(two, 'La Passerelle du port', 'La Passerelle haute');
  await pair.putMine(two);
  await pair.bothInHistory([one, two], 'La Passerelle du port', 'La Passerelle haute');
  const value = 'La Passerelle haute';
  await pair.agree([one, two], site, request, id, {
    field: 'name',
    value,
    shown: value,
  });
  expect(SLUG).toBe('solvigne');
});
