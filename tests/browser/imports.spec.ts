import type { APIRequestContext } from '@playwright/test';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { actorNamed, actors, change, MAP, SLUG, type Actor } from './support/api';
import { violations } from './support/axe';
import { extractOf, importDemo, temporaryFolder, type Site } from './support/site';
import { DESK, expect, PHONE, test as base, type Page } from './support/test';

/** The commune as it was in 2024, so that there is something newer to import. */
const test = base.extend<object, { demo: string }>({
  demo: [
    async ({}, use) => {
      const data = temporaryFolder();
      importDemo(data, extractOf('2024-03-01'));
      await use(data);
      rmSync(data, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
});

const IMPORTS = `/${SLUG}/imports`;
const QUEUE = `/${SLUG}/moderation`;
/** Its telephone is another one in the extract of 2025. */
const TISSERANDS = 'Coopérative Les Tisserands';
const OSM_PHONE = '+33 1 99 00 53 27';
const OUR_PHONE = '+33 1 99 11 22 33';
/** No longer in the extract of 2025. */
const GONE = "Café associatif L'Ardoise";

interface Run {
  id: string;
  state: string;
  counts: Record<string, number>;
}

async function become(page: Page, site: Site, role: string): Promise<void> {
  await page.goto(site.invitation(role));
  await page.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(page.getByRole('link', { name: 'Aller à la carte' })).toBeVisible();
}

const state = (page: Page) => page.getByTestId('run-state');
const lines = (page: Page) => page.getByTestId('items').locator('> li');
const card = (page: Page, name: string) => page.getByRole('article', { name: new RegExp(name) });

/** Sends an extract from the page and waits for what it would change. */
async function preview(page: Page, date: string): Promise<Run> {
  await page.goto(IMPORTS);
  await page.getByLabel('Choisir un fichier').setInputFiles(extractOf(date));
  await expect(page.getByTestId('chosen')).toContainText(`solvigne-${date}.osm.pbf`);
  await page.getByRole('button', { name: 'Envoyer et voir ce qui changerait' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'planned', { timeout: 60_000 });
  return run(page);
}

/** The run of the page's address, as the server tells it. */
async function run(page: Page): Promise<Run> {
  const id = new URL(page.url()).searchParams.get('run');
  return (await (await page.request.get(`/api/v1/imports/${id}`)).json()) as Run;
}

async function apply(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Appliquer' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'applied', { timeout: 60_000 });
}

async function fieldOf(request: APIRequestContext, id: string, field: string): Promise<unknown> {
  return ((await (await request.get(`/api/v1/actors/${id}`)).json()) as Actor).fields[field];
}

test('an admin sends a newer extract, reads what it would change, applies it, and undoes all of it', async ({
  page,
  site,
  request,
}) => {
  await become(page, site, 'admin');
  await page.goto(`/${SLUG}?nomap`);
  await page.getByRole('link', { name: 'Mettre à jour depuis OpenStreetMap' }).click();
  await expect(page.getByRole('heading', { name: 'Imports d’OpenStreetMap' })).toBeVisible();
  await expect(page.locator('#main'), 'a new screen has the focus').toBeFocused();

  await test.step('a file that can’t be one is refused before it is sent', async () => {
    const wrong = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') };
    await page.getByLabel('Choisir un fichier').setInputFiles(wrong);
    await expect(page.getByText('« photo.jpg » n’est ni un extrait')).toBeVisible();
  });

  const planned = await preview(page, '2025-03-01');
  expect(planned.counts.create).toBeGreaterThan(0);
  expect(planned.counts.update).toBeGreaterThan(0);
  const summary = page.getByTestId('summary');
  await expect(summary).toContainText(`${planned.counts.create} acteurs nouveaux`);
  await expect(summary).toContainText(`${planned.counts.unchanged} inchangés`);
  expect((await actors(request)).numberMatched, 'a plan writes nothing').toBe(72);

  await test.step('line by line, with what was and what comes', async () => {
    await summary.getByRole('button', { name: /mis à jour/ }).click();
    await expect(page.getByRole('heading', { name: 'Le détail, acteur par acteur' })).toBeFocused();
    await expect(lines(page)).toHaveCount(planned.counts.update!);
    const line = lines(page).filter({ hasText: TISSERANDS });
    await expect(line.locator('del').first()).toContainText('+33 1 99 00 00 01');
    await expect(line.locator('ins', { hasText: OSM_PHONE })).toBeVisible();
    await expect(line.getByRole('link', { name: /Voir dans OpenStreetMap/ })).toHaveAttribute(
      'href',
      /^https:\/\/www\.openstreetmap\.org\/node\/\d+$/,
    );
    await page.getByRole('button', { name: /^Nouveaux/ }).click();
    await expect(lines(page)).toHaveCount(planned.counts.create!);
  });

  await test.step('a reload shows the truth, and the list knows what waits', async () => {
    await page.reload();
    await expect(state(page)).toHaveAttribute('data-state', 'planned');
    await expect(lines(page)).toHaveCount(planned.counts.create!);
    await page.getByRole('link', { name: 'Tous les imports' }).click();
    await expect(page.getByText('Un import attend votre décision')).toBeVisible();
    await expect(page.getByLabel('Choisir un fichier')).toHaveCount(0);
    await page.getByRole('link', { name: 'Ouvrir cet import' }).click();
  });

  await apply(page);
  const applied = await run(page);
  expect((await actors(request)).numberMatched).toBe(72 + applied.counts.create!);
  await page.reload();
  await expect(state(page)).toContainText('C’est fait.');

  await test.step('undoing asks first, and says what goes and what stays', async () => {
    await page.getByRole('button', { name: 'Annuler tout cet import' }).click();
    const question = page.getByRole('dialog', { name: 'Annuler tout cet import ?' });
    await expect(question).toContainText(`${applied.counts.create} acteurs ajoutés sont retirés de la carte`);
    await question.getByRole('button', { name: 'Garder l’import' }).click();
    expect((await run(page)).state).toBe('applied');
    await page.getByRole('button', { name: 'Annuler tout cet import' }).click();
    await question.getByRole('button', { name: 'Annuler cet import' }).click();
    await expect(state(page)).toHaveAttribute('data-state', 'undone', { timeout: 60_000 });
    await expect(state(page)).toContainText('ont été annulées');
  });
  expect((await actors(request)).numberMatched).toBe(72);
  await page.getByRole('link', { name: 'Tous les imports' }).click();
  await expect(page.getByTestId('runs').locator('li').first()).toContainText('Annulé');
});

test('a disagreement and a closing are settled in the queue; what residents wrote stays until then', async ({
  page,
  site,
  request,
  somebody,
  watch,
}) => {
  const { id } = (await actorNamed(request, TISSERANDS)).properties;
  await change(request, id, 'phone', OUR_PHONE);
  await become(page, site, 'admin');
  const planned = await preview(page, '2025-03-01');
  expect(planned.counts.conflict).toBe(1);
  await page.getByRole('button', { name: /^À trancher/ }).click();
  await expect(lines(page)).toContainText([TISSERANDS]);
  await expect(lines(page).first()).toContainText(OUR_PHONE);
  await expect(lines(page).first()).toContainText(OSM_PHONE);
  await apply(page);
  expect(await fieldOf(request, id, 'phone'), 'an import never overwrites a resident').toBe(OUR_PHONE);

  const moderator = await somebody();
  await become(moderator, site, 'moderator');
  await moderator.goto(`/${SLUG}?nomap`);
  const cases = planned.counts.conflict! + planned.counts.close!;
  await moderator
    .getByRole('navigation', { name: 'Navigation du territoire' })
    .getByRole('link', { name: `Modération , ${cases} cas à trancher` })
    .or(moderator.getByRole('link', { name: `Modération, ${cases} cas à trancher` }))
    .first()
    .click();
  await expect(moderator.getByTestId('cases-count')).toHaveText(`${cases} cas à trancher`);

  await test.step('a value that moved on is shown before anything is decided', async () => {
    watch.allow(/409 \(Conflict\)/);
    const newer = '+33 1 99 44 55 66';
    await expect(card(moderator, TISSERANDS)).toContainText(OUR_PHONE);
    await change(request, id, 'phone', newer);
    await card(moderator, TISSERANDS).getByRole('button', { name: 'Prendre celle d’OpenStreetMap' }).click();
    await expect(card(moderator, TISSERANDS).getByTestId('case-note')).toContainText('vient de changer');
    await expect(card(moderator, TISSERANDS)).toContainText(newer);
    expect(await fieldOf(request, id, 'phone')).toBe(newer);
  });

  await test.step('with the keyboard alone: the next case has the focus, and what happened is said', async () => {
    await card(moderator, TISSERANDS).getByRole('button', { name: 'Prendre celle d’OpenStreetMap' }).focus();
    await moderator.keyboard.press('Enter');
    await expect(card(moderator, TISSERANDS)).toHaveCount(0);
    await expect(moderator.getByTestId('said')).toContainText(TISSERANDS);
    await expect(moderator.getByTestId('said')).toContainText(`Encore ${cases - 1} cas`);
    await expect(card(moderator, GONE).getByRole('heading')).toBeFocused();
    expect(await fieldOf(request, id, 'phone')).toBe(OSM_PHONE);
  });

  await test.step('what is gone from the source is closed by a person, and is not deleted', async () => {
    await card(moderator, GONE).getByRole('button', { name: 'Il a fermé' }).click();
    await expect(moderator.getByText('Tout est tranché.').last()).toBeVisible();
    await expect(moderator.getByRole('heading', { name: 'Modération' })).toBeFocused();
    const closed = (await actorNamed(request, GONE)).properties.id;
    expect(await fieldOf(request, closed, 'status')).toBe('closed');
  });
  await moderator.reload();
  await expect(moderator.getByText('Aucun cas à trancher.')).toBeVisible();
});

test('an import can be set aside; a moderator reads it and orders nothing', async ({
  page,
  site,
  request,
  somebody,
}) => {
  await become(page, site, 'admin');
  await preview(page, '2025-03-01');
  const moderator = await somebody();
  await become(moderator, site, 'moderator');
  await moderator.goto(IMPORTS);
  await expect(moderator.getByText('Un import attend la décision')).toBeVisible();
  await moderator.getByRole('link', { name: 'Ouvrir cet import' }).click();
  await expect(state(moderator)).toContainText('Seuls les responsables');
  await expect(lines(moderator).first()).toBeVisible();
  await expect(moderator.getByRole('button', { name: 'Appliquer' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Abandonner' }).click();
  await expect(state(page)).toContainText('Rien n’a été changé.');
  await expect(page.locator('.run-status')).toBeFocused();
  expect((await actors(request)).numberMatched).toBe(72);
  await page.getByRole('link', { name: 'Envoyer un autre fichier' }).click();
  await expect(page.getByLabel('Choisir un fichier')).toBeAttached();
});

test('a file of changes does what a whole extract would', async ({ page, site, request }) => {
  const { id } = (await actorNamed(request, TISSERANDS)).properties;
  const actor = (await (await request.get(`/api/v1/actors/${id}`)).json()) as {
    source: { ref: string; version: number };
  };
  const [, node] = /^osm:node\/(\d+)$/.exec(actor.source.ref) ?? [];
  const gone = `<node id="${node}" version="${actor.source.version + 1}" timestamp="2024-06-01T00:00:00Z"/>`;
  const changes = gzipSync(`<osmChange version="0.6"><delete>${gone}</delete></osmChange>`);

  await become(page, site, 'admin');
  await page.goto(IMPORTS);
  const file = { name: '4521.osc.gz', mimeType: 'application/gzip', buffer: changes };
  await page.getByLabel('Choisir un fichier').setInputFiles(file);
  await page.getByRole('button', { name: 'Envoyer et voir ce qui changerait' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'planned', { timeout: 60_000 });
  await expect(page.locator('.run-facts')).toContainText('modifications');
  await expect(lines(page)).toHaveCount(1);
  await expect(lines(page)).toContainText(TISSERANDS);
  await expect(lines(page)).toContainText('Disparu d’OpenStreetMap');
  await apply(page);
  await page.getByRole('link', { name: 'Trancher dans la modération' }).click();
  await card(page, TISSERANDS).getByRole('button', { name: 'Il existe toujours' }).click();
  await expect(page.getByText('Tout est tranché.').last()).toBeVisible();
  expect(await fieldOf(request, id, 'status')).not.toBe('closed');
});

test('a file that is no extract, and a sending that breaks off, are told in a sentence; nothing changes', async ({
  page,
  site,
  request,
  watch,
}) => {
  await become(page, site, 'admin');
  await page.goto(IMPORTS);
  const send = page.getByRole('button', { name: 'Envoyer et voir ce qui changerait' });

  watch.allow(/failed: .*imports\?name=|net::ERR_FAILED/);
  await page.route('**/imports?name=*', (route) => route.abort('connectionreset'));
  watch.allow(/ERR_CONNECTION_RESET/);
  await page.getByLabel('Choisir un fichier').setInputFiles(extractOf('2025-03-01'));
  await send.click();
  await expect(page.getByText('L’envoi s’est interrompu')).toBeVisible();
  await expect(page.getByTestId('chosen'), 'the file is still chosen').toContainText('solvigne-2025');
  await page.unroute('**/imports?name=*');

  const nonsense = {
    name: 'carte.osm.pbf',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('<html>'),
  };
  await page.getByLabel('Choisir un autre fichier').setInputFiles(nonsense);
  await send.click();
  await expect(state(page)).toHaveAttribute('data-state', 'failed');
  await expect(state(page).locator('p').nth(1)).not.toBeEmpty();
  expect((await actors(request)).numberMatched).toBe(72);
});

test('whoever is not of the team reads why, and never loads what is only for it', async ({ page, watch }) => {
  await page.goto(`/${SLUG}?nomap`);
  await expect(page.getByRole('heading', { name: 'Dernières contributions' })).toBeVisible();
  await page.goto(`${MAP}?nomap`);
  await expect(page.getByTestId('list').getByRole('link').first()).toBeVisible();
  // What opens without network is fetched a while after the first screen.
  await expect.poll(() => watch.asked.some((url) => /AddDialog/.test(url))).toBe(true);
  expect(watch.asked.filter((url) => /\/assets\/team|\/moderation|\/imports/.test(url))).toEqual([]);
  await expect(page.getByRole('link', { name: /^Modération|^Imports/ })).toHaveCount(0);

  for (const path of [IMPORTS, QUEUE]) {
    await page.goto(path);
    await expect(page.getByRole('heading', { name: 'Cette page est réservée à l’équipe' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Aller à la carte' })).toBeVisible();
  }
  await page.goto(`${QUEUE}?lang=en`);
  await expect(page.getByRole('heading', { name: 'This page is for the team' })).toBeVisible();
});

test('nothing for axe to say about imports and moderation, on a desk and a phone, in light and dark', async ({
  page,
  site,
  request,
  browser,
  baseURL,
}) => {
  test.setTimeout(240_000);
  const { id } = (await actorNamed(request, TISSERANDS)).properties;
  await change(request, id, 'phone', OUR_PHONE);
  await become(page, site, 'admin');
  const { id: first } = await preview(page, '2025-03-01');
  await apply(page);
  const { id: second } = await preview(page, '2026-03-01');
  const screens: [name: string, path: string, ready: (page: Page) => Promise<void>][] = [
    ['imports', IMPORTS, (on) => expect(on.getByTestId('runs')).toBeVisible()],
    ['import-apercu', `${IMPORTS}?run=${second}`, (on) => expect(lines(on).first()).toBeVisible()],
    ['import-applique', `${IMPORTS}?run=${first}`, (on) => expect(lines(on).first()).toBeVisible()],
    ['moderation', QUEUE, (on) => expect(card(on, TISSERANDS)).toBeVisible()],
  ];
  const storageState = await page.context().storageState();
  for (const [device, options] of Object.entries({ bureau: DESK, telephone: PHONE })) {
    const context = await browser.newContext({
      baseURL: baseURL!,
      locale: 'fr-FR',
      storageState,
      ...options,
    });
    const on = await context.newPage();
    for (const [name, path, ready] of screens) {
      await on.goto(path);
      await ready(on);
      await expect(on.locator('[aria-busy=true]')).toHaveCount(0);
      for (const colorScheme of ['light', 'dark'] as const) {
        await on.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const shade = colorScheme === 'light' ? 'clair' : 'sombre';
        const picture = resolve(__dirname, `../../web/test-results/screens/${name}-${device}-${shade}.png`);
        await on.screenshot({ path: picture, scale: 'css' });
        expect.soft(await violations(on), `${name}, ${device}, ${shade}`).toEqual([]);
        expect(
          await on.evaluate(() => document.documentElement.scrollWidth - innerWidth),
        ).toBeLessThanOrEqual(0);
      }
    }
    await context.close();
  }
});
