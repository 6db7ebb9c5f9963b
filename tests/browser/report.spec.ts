/** A committee writes its report together: texts, devices, the scheme; then freezes it and takes it along. */
import { readFileSync } from 'node:fs';
import { SLUG } from './support/api';
import { violations } from './support/axe';
import { diagnosis, openReport, part, put, REPORT, tabTo } from './support/report';
import { accept } from './support/seance';
import { DESK, expect, PHONE, test, type Page } from './support/test';

/** The first bytes of a zip, which a DOCX is too. */
const ZIP = 'PK';

async function organiser(page: Page, site: Parameters<typeof accept>[1]): Promise<void> {
  await accept(page, site, 'organiser');
}

test('by keyboard: a report begins, a text and a device are written', async ({ page, site }) => {
  await organiser(page, site);
  await page.goto(`/${SLUG}/rapports`);
  await tabTo(page, 'Nouveau rapport');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Titre du rapport')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: REPORT })).toBeVisible();
  await expect(page.getByText('Brouillon')).toBeVisible();
  for (const title of ['En bref', 'Le schéma de gouvernance', 'Les priorités'])
    await expect(page.getByRole('heading', { level: 2, name: title })).toBeVisible();

  await tabTo(page, /^Écrire un texte : En bref/);
  await page.keyboard.press('Enter');
  const field = part(page, 'summary').getByRole('textbox');
  await expect(field).toBeFocused();
  await page.keyboard.type('# Pourquoi\nLa commune **avance**.\n\n<b>pas de balise</b>');
  await tabTo(page, 'Aperçu', 5);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('preview').getByRole('heading', { name: 'Pourquoi' })).toBeVisible();
  await expect(page.getByTestId('preview')).toContainText('<b>pas de balise</b>');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(part(page, 'summary').getByTestId('block')).toContainText('La commune avance.');

  await tabTo(page, 'Ajouter un dispositif');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Dispositif', { exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Écrivez un nom, même provisoire.')).toBeVisible();
  await page.keyboard.type('Conseil citoyen');
  await tabTo(page, 'Étape', 5);
  await page.keyboard.type('Décider');
  await tabTo(page, 'Échelon d’Arnstein', 5);
  await page.keyboard.type('6');
  await expect(page.getByText('La décision se négocie entre élus et habitants.')).toBeVisible();
  await tabTo(page, 'Depuis', 5);
  await page.keyboard.type('2021');
  await page.keyboard.press('Enter');
  const line = page.getByTestId('devices').getByRole('row', { name: /Conseil citoyen/ });
  await expect(line).toContainText('Décider');
  await expect(line).toContainText('Partenariat');
  await expect(page.getByTestId('heat').getByRole('row', { name: /^6/ })).toContainText('Conseil citoyen');
  await page.reload();
  await expect(line).toContainText('2021');
  await expect(part(page, 'summary').getByTestId('block')).toContainText('La commune avance.');
});

test('two organisers write the same text: lines of both stay, and the same line is decided', async ({
  page,
  site,
  somebody,
  watch,
}) => {
  watch.allow(/409 \(Conflict\)/);
  await organiser(page, site);
  const report = await put(page.request, 'report', 'create', { title: REPORT });
  const text = 'Première ligne.\n\nMilieu.\n\nDernière ligne.';
  await put(page.request, 'block', 'create', {
    report,
    section: 'priorities',
    order: 10,
    text,
  });
  const other = await somebody(DESK);
  await organiser(other, site);
  for (const one of [page, other]) {
    await openReport(one, report);
    await part(one, 'priorities')
      .getByRole('button', { name: /^Modifier/ })
      .click();
  }
  const write = (one: Page) => part(one, 'priorities').getByRole('textbox');
  await write(page).fill(text.replace('Première ligne.', 'Un lieu aux Fontaines.'));
  await write(other).fill(text.replace('Dernière ligne.', 'Des comptes rendus sous 15 jours.'));
  const save = (one: Page) => part(one, 'priorities').getByRole('button', { name: 'Enregistrer' }).click();
  await save(page);
  await expect(other.getByText('Quelqu’un vient d’enregistrer ce texte.')).toBeVisible();
  await save(other);
  for (const one of [page, other]) {
    await expect(part(one, 'priorities').getByTestId('block')).toContainText('Un lieu aux Fontaines.');
    await expect(part(one, 'priorities').getByTestId('block')).toContainText(
      'Des comptes rendus sous 15 jours.',
    );
  }

  for (const one of [page, other])
    await part(one, 'priorities')
      .getByRole('button', { name: /^Modifier/ })
      .click();
  await write(page).fill((await write(page).inputValue()).replace('Milieu.', 'Une maison des associations.'));
  await write(other).fill((await write(other).inputValue()).replace('Milieu.', 'Un marché du samedi.'));
  await save(page);
  await expect(part(page, 'priorities').getByTestId('block')).toContainText('maison des associations');
  await save(other);
  const conflict = other.getByTestId('conflict');
  await expect(conflict.getByTestId('theirs')).toContainText('maison des associations');
  await expect(conflict.getByTestId('mine')).toContainText('marché du samedi');
  await other.reload();
  await expect(conflict.getByTestId('mine'), 'both texts outlive a reload').toContainText('marché du samedi');
  await conflict.getByRole('button', { name: 'Mettre ma version' }).click();
  await expect(conflict).toHaveCount(0);
  await expect(part(page, 'priorities').getByTestId('block')).toContainText('Un marché du samedi.');
});

test('texts are moved and taken away, the scheme has its words, and a visitor reads what is published', async ({
  page,
  site,
  somebody,
  watch,
}) => {
  watch.allow(/404 \(Not Found\)/);
  await organiser(page, site);
  const report = await diagnosis(page.request);
  await put(page.request, 'block', 'create', {
    report,
    section: 'summary',
    order: 10,
    text: 'Le second texte.',
  });
  await openReport(page, report);
  const blocks = part(page, 'summary').getByTestId('block');
  await expect(blocks.first()).toContainText('Pourquoi');
  await part(page, 'summary')
    .getByRole('button', { name: /^Monter : Texte 2/ })
    .click();
  await expect(blocks.first()).toContainText('Le second texte.');
  await part(page, 'summary')
    .getByRole('button', { name: /^Retirer : Texte 1/ })
    .click();
  await expect(blocks).toHaveCount(1);
  await page.getByRole('status').getByRole('button', { name: 'Annuler' }).click();
  await expect(blocks).toHaveCount(2);

  await page.getByRole('button', { name: 'Déposer le schéma' }).click();
  const picture =
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40"/></svg>';
  await page.getByLabel('Image', { exact: true }).setInputFiles({
    name: 'schema.svg',
    mimeType: 'image/svg+xml',
    buffer: Buffer.from(picture),
  });
  await page.getByRole('button', { name: 'Déposer', exact: true }).click();
  await expect(page.getByText('Décrivez le schéma en une ou deux phrases')).toBeVisible();
  await page.getByLabel('Ce que montre le schéma, en mots').fill('Le conseil propose, les élus décident.');
  await page.getByRole('button', { name: 'Déposer', exact: true }).click();
  await expect(page.getByRole('img', { name: 'Le conseil propose, les élus décident.' })).toBeVisible();

  const visitor = await somebody(PHONE);
  await visitor.goto(`/${SLUG}/rapports/${report}`);
  await expect(visitor.getByRole('heading', { name: 'Ce rapport n’est pas ici.' })).toBeVisible();
  await page.getByRole('button', { name: 'Publier', exact: true }).click();
  await expect(page.getByText('Publié', { exact: true })).toBeVisible();
  await visitor.goto(`/${SLUG}/rapports`);
  await visitor.getByRole('link', { name: REPORT }).click();
  await expect(visitor.getByRole('heading', { level: 1, name: REPORT })).toBeVisible();
  await expect(visitor.getByRole('button', { name: /^(Modifier|Écrire|Retirer|Figer)/ })).toHaveCount(0);
});

test('a report is frozen, downloads, and is made anew', async ({ page, site }) => {
  test.slow();
  await organiser(page, site);
  const report = await diagnosis(page.request);
  await openReport(page, report);
  await page.getByTestId('freeze').click();
  await expect(page.getByRole('dialog')).toContainText('s’arrêtent à l’état d’aujourd’hui');
  await page.getByTestId('freeze-go').click();
  await expect(page.getByText('Ce rapport est figé à l’état du')).toBeVisible({
    timeout: 60_000,
  });
  await expect(
    page.getByRole('button', {
      name: /^(Modifier|Écrire|Ajouter un dispositif)/,
    }),
  ).toHaveCount(0);
  for (const [id, name] of [
    ['docx', /\.docx$/],
    ['zip', /\.zip$/],
  ] as const) {
    const download = page.waitForEvent('download', { timeout: 60_000 });
    await page.getByTestId(id).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(name);
    expect(
      readFileSync(await file.path())
        .subarray(0, 2)
        .toString(),
    ).toBe(ZIP);
  }
  const html = await (await page.request.get(`/r/${report}.html`)).text();
  expect(html).toContain('Conseil de quartier du Centre');
  await page.getByRole('button', { name: 'Refaire' }).click();
  await expect(page).not.toHaveURL(new RegExp(report));
  await expect(page.getByRole('button', { name: /^Écrire un texte/ }).first()).toBeVisible();
  await expect(part(page, 'summary').getByTestId('block')).toContainText('Pourquoi');
});

test('nothing for axe to say, light and dark; nothing scrolls sideways at 320 pixels', async ({
  page,
  site,
}) => {
  test.slow();
  await organiser(page, site);
  const report = await diagnosis(page.request);
  const screens: Record<string, () => Promise<void>> = {
    list: async () => {
      await page.goto(`/${SLUG}/rapports`);
      await page.getByRole('button', { name: 'Nouveau rapport' }).click();
    },
    report: () => openReport(page, report),
    writing: async () => {
      await openReport(page, report);
      await part(page, 'summary')
        .getByRole('button', { name: /^Modifier/ })
        .click();
      await page.getByRole('button', { name: 'Ajouter un dispositif' }).click();
      await page.getByRole('button', { name: 'Déposer le schéma' }).click();
    },
  };
  for (const [name, visit] of Object.entries(screens)) {
    await page.setViewportSize({ width: 320, height: 640 });
    await visit();
    await expect(page.locator('.page [aria-busy=true]')).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(320);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect.soft(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
      await page.setViewportSize(DESK.viewport!);
    }
  }
});
