/** An evening in a hall: people come in by the code and by the QR address, add, share the ground out, and the morning after. */
import { violations } from './support/axe';
import { actorNamed, actors, change, SLUG } from './support/api';
import { accept, addAt, comeIn, openSeance, type Evening } from './support/seance';
import { DESK, expect, PHONE, test, type Page } from './support/test';

const TITLE = 'Le Centre-Remparts et la gare';
/** The projector is a picture of 1280 × 720. */
const WALL = { viewport: { width: 1280, height: 720 } };

test.describe('the evening', () => {
  let evening: Evening;
  let organiser: Page;

  test.beforeEach(async ({ page, site, watch }) => {
    // Chromium reports the answer to a conflicting edit as a failed resource.
    watch.allow(/409 \(Conflict\)|404 \(Not Found\) .*\/join/);
    organiser = page;
    await accept(organiser, site, 'moderator');
    evening = await openSeance(organiser, TITLE);
  });

  test('people come in by the code and by the QR address, and the projector shows what they add', async ({
    somebody,
    request,
  }) => {
    const wall = await somebody(WALL);
    await wall.goto(evening.screen);
    await expect(wall.getByText(evening.code)).toBeVisible();
    expect(wall.url(), 'the projector’s key leaves the address bar').not.toContain('#');
    await expect(wall.getByTestId('qr')).toBeVisible();
    await expect(wall.getByTestId('count-added')).toHaveText('0');

    const celeri = await somebody(PHONE);
    await celeri.goto('/s');
    await celeri.getByLabel('Le code écrit sur le mur').fill('ORTIE-1');
    await celeri.getByLabel('Votre prénom ou un surnom').fill('Zoé');
    const wrong = celeri.waitForResponse((r) => r.url().endsWith('/join') && r.status() === 404);
    await celeri.getByTestId('join-go').click();
    await wrong;
    await expect(celeri.getByLabel('Le code écrit sur le mur')).toHaveAttribute('aria-invalid', 'true');
    // People type it in their own way.
    await comeIn(celeri, 'Zoé', evening.code.toLowerCase().replace('-', ' '));

    const panais = await somebody(PHONE);
    await panais.goto(evening.door);
    await expect(panais.getByRole('heading', { name: TITLE })).toBeVisible();
    expect(panais.url(), 'the token leaves the address bar').not.toContain('#');
    await panais.reload();
    await comeIn(panais, 'Idriss');
    await expect(wall.getByTestId('count-people')).toHaveText('2');

    await addAt(celeri, 'La Bricole du rempart', 'Réemploi', 'rue haute');
    await expect(wall.getByTestId('count-added')).toHaveText('1');
    await expect(wall.getByRole('list').getByText('La Bricole du rempart')).toBeVisible();
    await expect(wall.getByText('Zoé vient de l’ajouter')).toBeVisible();
    await expect(wall.locator('.callout-name')).toHaveText('La Bricole du rempart');
    await addAt(panais, 'Chœur des Fontaines', 'Culture,', 'rue basse');
    await expect(wall.getByTestId('count-added')).toHaveText('2');
    await expect(wall.locator('.callout-name')).toHaveText('Chœur des Fontaines');
    await expect(wall.getByText('Idriss vient de l’ajouter')).toBeVisible();

    await wall.getByTestId('pause').click();
    await expect(wall.getByText('Idriss vient de l’ajouter')).toBeHidden();
    await expect(wall.getByText('L’écran est en pause.')).toBeVisible();

    const journal = await request.get(`/api/v1/territories/${SLUG}/history?limit=2`);
    const { edits } = (await journal.json()) as { edits: { by: string }[] };
    expect(edits.map((e) => e.by).join(), 'nicknames stay out of the public history').not.toMatch(
      /Zoé|Idriss/,
    );
  });

  test('the projector has nothing to edit with, and nothing too small to read from the back', async ({
    somebody,
  }) => {
    for (const size of [WALL.viewport, { width: 1920, height: 1080 }]) {
      const wall = await somebody({ viewport: size });
      await wall.goto(evening.screen);
      await expect(wall.getByTestId('count-added')).toBeVisible();
      const controls = await wall
        .locator('a[href], button, input, select, textarea, [tabindex="0"], [contenteditable]')
        .evaluateAll((all) => all.map((e) => e.textContent?.trim() || e.getAttribute('aria-label')));
      expect(controls.filter((c) => c !== 'contributeurs OpenStreetMap')).toEqual([
        'Pause l’écran',
        'Plein écran',
      ]);
      const small = await wall.locator('.wall *:visible').evaluateAll((all) =>
        all
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent?.trim()))
          .filter((e) => !e.closest('.vh') && parseFloat(getComputedStyle(e).fontSize) < 17)
          .map((e) => e.textContent),
      );
      expect(small, `words under 17 px at ${size.width} × ${size.height}`).toEqual([]);
      const spills = await wall.evaluate(() => ({
        x: document.documentElement.scrollWidth - innerWidth,
        y: document.documentElement.scrollHeight - innerHeight,
      }));
      expect(spills).toEqual({ x: 0, y: 0 });
    }
  });

  test('two people take the same zone: the second one sees both answers and decides', async ({
    somebody,
    watch,
  }) => {
    const one = await somebody(PHONE);
    const two = await somebody(PHONE);
    for (const [who, name] of [
      [one, 'Céleri'],
      [two, 'Panais'],
    ] as const) {
      await who.goto(evening.door);
      await comeIn(who, name);
      await who.goto(`${evening.page}?nomap`);
      await expect(who.getByTestId('cells').locator('.cell').first()).toBeVisible();
    }
    const place = (who: Page) => who.getByTestId('cells').locator('.cell').first();
    // The second phone does not hear of the first one: the hall's Wi-Fi.
    watch.allow(/\/cells|ERR_FAILED/);
    await two.route('**/cells', (route) => route.abort());
    await place(one).getByRole('button', { name: 'Je m’en charge' }).click();
    await expect(place(one).getByTestId('cell-state')).toHaveText('Prise par Céleri');
    await place(two).getByRole('button', { name: 'Je m’en charge' }).click();
    await two.unroute('**/cells');
    const conflict = two.getByTestId('cell-conflict');
    await expect(conflict.getByTestId('theirs')).toContainText('Céleri');
    await expect(conflict.getByTestId('mine')).toContainText('Panais');
    await two.reload();
    await expect(conflict.getByTestId('mine'), 'both answers outlive a reload').toContainText('Panais');
    await conflict.getByRole('button', { name: 'Laisser ainsi' }).click();
    await expect(conflict).toHaveCount(0);
    await expect(place(two).getByTestId('cell-state')).toHaveText('Prise par Céleri');

    await place(one).getByRole('button', { name: 'Une note' }).click();
    await one.getByLabel('Note sur cette zone').fill('La rue Haute est en travaux.');
    await one.getByRole('button', { name: 'Garder la note' }).click();
    await place(one).getByRole('button', { name: 'C’est vu' }).click();
    await expect(place(two).getByTestId('cell-state'), 'the other phone is told').toHaveText('Vue');
    await expect(place(two)).toContainText('La rue Haute est en travaux.');
    await expect(two.getByText(/1 quartier vu sur \d+/)).toBeVisible();

    // The strip over the map leads to the next place.
    await two.goto(`/${SLUG}/carte?nomap`);
    await two.getByTestId('strip-next').click();
    await two.getByTestId('strip-take').click();
    await expect(two.getByTestId('strip')).toContainText('Ma zone');
    await two.getByTestId('strip').getByRole('button', { name: 'Rien ici' }).click();
    await expect(two.getByTestId('strip')).toContainText('C’est noté');
  });

  test('paper cards are typed with the keyboard alone, duplicates are seen, nothing is lost on a reload', async ({
    request,
  }) => {
    await organiser.goto(`${evening.page}?nomap`);
    await organiser.getByTestId('take-part').click();
    await organiser.getByLabel('Votre prénom ou un surnom').fill('Ana');
    await organiser.getByTestId('join-go').click();
    await expect(organiser.getByText('Vous participez sous le nom de Ana')).toBeVisible();
    await organiser.goto(`${evening.page}?nomap&vue=saisie`);
    const { keyboard } = organiser;
    await expect(organiser.getByLabel('Nom, fiche 1')).toBeFocused();

    await keyboard.press('Enter');
    await expect(organiser.getByText('Écrivez un nom, même provisoire.').last()).toBeVisible();
    await keyboard.type('Les Paniers du Ruisseau');
    await keyboard.press('Tab');
    await keyboard.type('Alim');
    await keyboard.press('Tab');
    await keyboard.type('rue haute');
    await expect(organiser.locator('.combo .option').first()).toBeVisible();
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.type('On y partage des légumes.');
    await keyboard.press('Enter');
    await expect(organiser.getByLabel('Nom, fiche 2')).toBeFocused();
    await expect(organiser.getByTestId('card-state').first()).toHaveText('Sur la carte');
    const added = await actorNamed(request, 'Les Paniers du Ruisseau');
    expect(added.properties.theme).toBe('ALI');
    expect(added.geometry).not.toBeNull();

    // An actor that is there already: seen, and taken for the same.
    await keyboard.type('Médiathèque Colette');
    const twins = organiser.getByTestId('card-twins');
    await expect(twins.getByRole('link', { name: 'Médiathèque Colette' })).toBeVisible();
    const before = (await actors(request)).numberMatched;
    await keyboard.press('Enter');
    await expect(organiser.getByLabel('Nom, fiche 2'), 'the first Enter only shows them').toBeFocused();
    await twins
      .getByRole('button', { name: /^C’est lui/ })
      .first()
      .focus();
    await keyboard.press('Enter');
    await expect(organiser.getByTestId('card-state').nth(1)).toHaveText('Déjà sur la carte');
    expect((await actors(request)).numberMatched).toBe(before);

    // Half a card, and the page is gone.
    await expect(organiser.getByLabel('Nom, fiche 3')).toBeFocused();
    await keyboard.type('La Grainothèque');
    await organiser.reload();
    await expect(organiser.getByLabel('Nom, fiche 3')).toHaveValue('La Grainothèque');
    await expect(organiser.getByTestId('card-state').first()).toHaveText('Sur la carte');
    await organiser.getByLabel('Nom, fiche 3').press('Enter');
    await expect(organiser.getByTestId('card-state').nth(2)).toHaveText('Sur la carte');
    await organiser.goto(`${evening.page}?nomap&vue=compte-rendu`);
    await expect(organiser.getByTestId('minutes-people').getByRole('row', { name: /Ana/ })).toContainText(
      '2',
    );
  });

  test('the minutes add up, and a moderator undoes one participant after a preview', async ({
    somebody,
    request,
  }) => {
    const celeri = await somebody(PHONE);
    await celeri.goto(evening.door);
    await comeIn(celeri, 'Céleri');
    const panais = await somebody(PHONE);
    await panais.goto(evening.door);
    await comeIn(panais, 'Panais');
    await addAt(celeri, 'Faux ami numéro un', 'Culture,', 'rue haute');
    await addAt(celeri, 'Faux ami numéro deux', 'Culture,', 'rue basse');
    await addAt(panais, 'La Ressourcerie du Gué', 'Réemploi', 'rue basse');
    // Somebody else completes one of them: that one stays.
    const { id } = (await actorNamed(request, 'Faux ami numéro deux')).properties;
    await change(request, id, 'summary', 'Existe vraiment : on y danse le mardi.');

    await organiser.goto(`${evening.page}?nomap&vue=compte-rendu`);
    await expect(organiser.getByTestId('minutes-sum')).toContainText('3 acteurs ajoutés');
    const row = (name: string) => organiser.getByTestId('minutes-people').getByRole('row', { name });
    await expect(row('Céleri').getByRole('cell').first()).toHaveText('2');
    await expect(row('Panais').getByRole('cell').first()).toHaveText('1');
    const csv = await organiser.request.get(
      (await organiser.getByTestId('minutes-csv').getAttribute('href')) ?? '',
    );
    expect(await csv.text()).toContain('La Ressourcerie du Gué');

    await organiser.goto(`${evening.page}?nomap&vue=relecture`);
    await organiser.locator('label', { hasText: 'Une personne' }).click();
    const who = organiser.getByLabel('Quelle personne ?');
    await who.selectOption({
      label: (await who.locator('option', { hasText: 'Céleri' }).textContent())!.trim(),
    });
    await expect(organiser.getByTestId('review')).toContainText('Faux ami numéro un');
    await expect(organiser.getByTestId('review')).not.toContainText('La Ressourcerie du Gué');
    await organiser.getByTestId('undo-preview').click();
    await expect(
      organiser.getByRole('heading', {
        name: 'Annuler tout ce que Céleri a écrit ?',
      }),
    ).toBeFocused();
    await expect(organiser.getByTestId('undo-kept')).toContainText('Faux ami numéro deux');
    expect((await actors(request)).numberMatched, 'a preview changes nothing').toBe(97);
    await organiser.getByTestId('undo-go').click();
    await expect(organiser.getByTestId('undo').getByText(/ont été annulées|a été annulée/)).toBeVisible();
    const names = (await actors(request)).features.map((f) => f.properties.name);
    expect(names).not.toContain('Faux ami numéro un');
    expect(names).toContain('Faux ami numéro deux');
    expect(names).toContain('La Ressourcerie du Gué');

    // Sent away and forgotten: the word is gone from the minutes too.
    await organiser.goto(`${evening.page}?nomap&vue=personnes`);
    await organiser.getByRole('button', { name: /Retirer de la séance.*Céleri/ }).click();
    await organiser.getByRole('button', { name: 'Retirer et effacer le surnom' }).click();
    await expect(organiser.getByText('Le surnom est effacé.')).toBeVisible();
    await expect(organiser.getByTestId('people')).not.toContainText('Céleri');
  });
});

test('nothing for axe to say on the screens of a séance, on a desk and a phone, in light and dark', async ({
  page,
  site,
  somebody,
}) => {
  test.setTimeout(240_000);
  await accept(page, site, 'moderator');
  const evening = await openSeance(page, TITLE);
  const phone = await somebody(PHONE);
  await phone.goto(evening.door);
  await phone.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await expect(phone.getByRole('heading', { name: TITLE })).toBeVisible();
  expect.soft(await violations(phone), 'the door').toEqual([]);
  await comeIn(phone, 'Céleri');
  await addAt(phone, 'La Bricole du rempart', 'Réemploi', 'rue haute');
  const state = await page.context().storageState();
  const desk = await somebody({ ...DESK, storageState: state });
  const hand = await somebody({ ...PHONE, storageState: state });

  const screens: Record<string, string> = {
    list: `/${SLUG}/seances`,
    coverage: evening.page,
    cards: `${evening.page}?vue=saisie`,
    minutes: `${evening.page}?vue=compte-rendu`,
    review: `${evening.page}?vue=relecture`,
    people: `${evening.page}?vue=personnes`,
    entrance: `${evening.page}?vue=entree`,
    code: '/s',
  };
  for (const [name, path] of Object.entries(screens)) {
    for (const [who, shades] of [
      [desk, ['light', 'dark']],
      [hand, ['dark']],
    ] as const) {
      await who.goto(`${path}${path.includes('?') ? '&' : '?'}nomap`);
      await expect(who.locator('h1').first()).toBeVisible();
      await expect(who.locator('[aria-busy=true]')).toHaveCount(0);
      if (name === 'review') await who.getByTestId('undo-preview').click();
      if (name === 'list') await who.getByRole('button', { name: 'Ouvrir une séance' }).click();
      if (name === 'cards') await who.getByLabel('Nom, fiche 1').fill('La Bricole du rempart');
      if (name === 'cards') await expect(who.getByTestId('card-twins')).toBeVisible();
      for (const colorScheme of shades) {
        await who.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect.soft(await violations(who), `${name}, ${colorScheme}`).toEqual([]);
      }
      const spill = await who.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect.soft(spill, `${name} fits its width`).toBeLessThanOrEqual(0);
    }
  }
  const wall = await somebody(WALL);
  await wall.goto(evening.screen);
  await expect(wall.getByTestId('count-added')).toHaveText('1');
  expect.soft(await violations(wall), 'the projector').toEqual([]);
});
