/** Two people with a browser each, what they do to one actor, and whether they end with the same. */
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { actors, SLUG, type Actor } from './api';
import { readTile, tileAt } from './mvt';
import type { Site } from './site';

export const sheet = (page: Page) => page.getByTestId('sheet');
export const fact = (page: Page, field: string) => page.locator(`[data-field="${field}"]`);
export const panel = (page: Page) => page.getByTestId('conflict');
const live = (page: Page) => expect(page.getByTestId('presence').first()).toBeVisible({ timeout: 40_000 });

/** Opens the actor's sheet and waits until the page hears of others. */
export async function open(page: Page, id: string): Promise<void> {
  await page.goto(`/${SLUG}/acteurs/${id}?nomap`);
  await expect(page.getByTestId('history').locator('li').first()).toBeVisible();
  await live(page);
}

/** Opens the editor of a field and types, without saving. */
export async function type(
  page: Page,
  field: 'name' | 'phone' | 'summary' | 'description' | 'tags',
  text: string,
) {
  const names = {
    name: ['Changer le nom', 'Nom'],
    phone: [/Ajouter un téléphone|Modifier : Téléphone/, 'Téléphone'],
    summary: [/Dire en une phrase|Changer la phrase/, 'En une phrase'],
    description: [/Ajouter une description|Modifier : Description/, 'Description'],
    tags: [/Ajouter des mots-clés|Modifier : Mots-clés/, 'Mots-clés'],
  } as const;
  const [button, box] = names[field];
  const more = sheet(page).getByText('Autres renseignements');
  if (
    field === 'tags' &&
    !(await sheet(page)
      .locator('details.others')
      .evaluate((d: HTMLDetailsElement) => d.open))
  )
    await more.click();
  await sheet(page).getByRole('button', { name: button }).click();
  await page.getByRole('textbox', { name: box, exact: true }).fill(text);
}
export const save = (page: Page) => page.getByRole('button', { name: 'Enregistrer' }).click();
/** The server has taken what this page wrote. */
export const taken = (page: Page) =>
  expect(page.getByText('Enregistré', { exact: true }).first()).toBeVisible();
/** The server holds this value, whoever wrote it. */
export const holds = (request: APIRequestContext, id: string, field: string, value: unknown) =>
  expect
    .poll(async () => ((await (await request.get(`/api/v1/actors/${id}`)).json()) as Actor).fields[field])
    .toEqual(value);
/** It waits on the device. */
export const waits = (page: Page) =>
  expect(page.getByText(/Gardé sur cet appareil|envois? en attente/).first()).toBeVisible();

/** Moves the actor to a quartier, without a map. */
export async function move(page: Page, quartier: string): Promise<void> {
  await sheet(page).getByRole('button', { name: 'Déplacer ou préciser le lieu' }).click();
  await page.getByLabel('Ou un quartier').selectOption(quartier);
}

export async function becomeModerator(page: Page, site: Site): Promise<void> {
  await page.goto(site.invitation('moderator'));
  await page.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(page.getByRole('link', { name: 'Aller à la carte' })).toBeVisible();
}
export async function takeOff(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Retirer de la carte' }).click();
  const question = page.getByRole('dialog', {
    name: `Retirer « ${name} » de la carte ?`,
  });
  await question.getByRole('button', { name: 'Retirer' }).click();
}

/** The removal is in the history: the server has taken it. */
export const goneAt = (page: Page) =>
  expect(page.getByTestId('history').getByText('a retiré cet acteur de la carte')).toBeVisible();

/** `kill -9`, something that happens meanwhile, and the same address again. */
export async function killed(
  site: Site,
  meanwhile: () => Promise<void> | void = () => undefined,
): Promise<void> {
  await site.kill();
  await meanwhile();
  await site.begin();
}

/** The one who came second sees both answers, with who and when. */
export async function seesBoth(page: Page, theirs: string | RegExp, mine: string | RegExp): Promise<void> {
  await expect(panel(page).getByTestId('theirs')).toHaveText(theirs, {
    timeout: 60_000,
  });
  await expect(panel(page).getByTestId('mine')).toHaveText(mine);
  await expect(panel(page).locator('.answer-card.theirs')).toContainText(/à l’instant|il y a|aujourd’hui/);
}
export async function putMine(page: Page): Promise<void> {
  await panel(page).getByRole('button', { name: 'Mettre ma version' }).click();
  await expect(panel(page)).toBeHidden({ timeout: 40_000 });
}

/** Both read both values in the history. */
export async function bothInHistory(pages: Page[], ...texts: string[]): Promise<void> {
  for (const page of pages) {
    const history = page.getByTestId('history');
    const all = history.getByRole('button', { name: /modifications/ });
    if ((await all.count()) > 0 && (await all.getAttribute('aria-expanded')) === 'false') await all.click();
    for (const text of texts)
      await expect(history.getByText(text).first()).toBeVisible({
        timeout: 40_000,
      });
  }
}

interface Expected {
  field?: string;
  value?: unknown;
  /** As a person reads it on the sheet. */
  shown?: string | RegExp;
  removed?: boolean;
}
/** The same state in both browsers, the list, a tile and the export. */
export async function agree(
  pages: Page[],
  site: Site,
  request: APIRequestContext,
  id: string,
  { field = 'name', value, shown, removed = false }: Expected,
): Promise<void> {
  const actor = (await (await request.get(`/api/v1/actors/${id}`)).json()) as Actor & {
    state: string;
    places: { lon: number; lat: number }[];
  };
  const name = String(actor.fields.name);
  if (value !== undefined) expect(actor.fields[field] ?? null).toEqual(value);
  expect(actor.state === 'deleted').toBe(removed);
  for (const page of pages) {
    await live(page);
    const where =
      field === 'name'
        ? page.getByTestId('actor-name')
        : field === 'summary'
          ? page.locator('.summary')
          : fact(page, field.startsWith('place/') ? 'place' : field);
    if (shown !== undefined) await expect(where).toContainText(shown, { timeout: 40_000 });
    const line = page.getByTestId('list').locator(`a[data-actor="${id}"]`);
    if (removed) await expect(line).toHaveCount(0);
    else await expect(line.locator('.card-name')).toHaveText(name);
  }
  const inList = (await actors(request)).features.find((f) => f.properties.id === id);
  expect(inList?.properties.name).toBe(removed ? undefined : name);
  const place = actor.places[0]!;
  const tile = await request.get(`/tiles/actors/${SLUG}/${tileAt(place.lon, place.lat, 18)}.mvt`);
  const inTile = readTile(await tile.body()).find((f) => f.attributes.id === id);
  expect(inTile?.attributes.name).toBe(removed ? undefined : name);
  const exported = site.exported(SLUG).find((f) => f.properties.id === id);
  expect(exported?.properties.name).toBe(removed ? undefined : name);
  if (!removed && typeof value === 'string') expect(exported?.properties[field]).toBe(value);
}
