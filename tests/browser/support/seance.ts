/** An evening with a carto-party: opening it, coming in, adding there, as people do it. */
import { expect, type Page } from '@playwright/test';
import { addDialog, onward, street, theme } from './adding';
import { actors, SLUG } from './api';
import type { Site } from './site';

const HOUR = 3_600_000;
/** The time of a clock in the hall, where the browsers of the tests are. */
const clock = (time: number) =>
  new Intl.DateTimeFormat('fr-FR', {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'Europe/Paris',
  }).format(time);

export interface Evening {
  /** Address of the séance's page, without its view. */
  page: string;
  code: string;
  /** Address behind the QR code, with its token. */
  door: string;
  /** Address of the projector, with its token. */
  screen: string;
}

export async function accept(page: Page, site: Site, role: string): Promise<void> {
  await page.goto(site.invitation(role));
  await page.getByRole('button', { name: 'Accepter l’invitation' }).click();
  await expect(page.getByText('Bienvenue.')).toBeVisible();
}

/** Opens a séance for the three hours to come, from the list of séances. */
export async function openSeance(page: Page, title: string, grid = 'Par quartiers'): Promise<Evening> {
  await page.goto(`/${SLUG}/seances?nomap`);
  await page.getByRole('button', { name: 'Ouvrir une séance' }).click();
  await page.getByLabel('Titre').fill(title);
  await page.getByLabel('En une phrase').fill('On fait le tour du centre avant la soupe.');
  await page.getByLabel('De', { exact: true }).fill(clock(Date.now() - 60_000));
  await page.getByLabel('À', { exact: true }).fill(clock(Date.now() + 3 * HOUR));
  await page.locator('label', { hasText: grid }).click();
  await page.getByRole('button', { name: 'Ouvrir la séance' }).click();
  const code = await page.getByTestId('door-code').textContent();
  const screen = await page.getByTestId('to-screen').getAttribute('href');
  const path = new URL(page.url()).pathname;
  const answer = await page.request.get(`/api/v1/seances/${path.split('/').at(-1)}/door`);
  const { url } = (await answer.json()) as { url: string };
  return { page: path, code: code!, door: url, screen: screen! };
}

export async function comeIn(page: Page, nickname: string, code?: string): Promise<void> {
  if (code !== undefined) await page.getByLabel('Le code écrit sur le mur').fill(code);
  await page.getByLabel('Votre prénom ou un surnom').fill(nickname);
  await page.getByTestId('join-go').click();
  await expect(page).toHaveURL(new RegExp(`/${SLUG}/carte`));
  await expect(page.getByTestId('strip')).toBeVisible();
}

/** Adds an actor at an address of the demonstration commune, from the map of a phone. */
export async function addAt(page: Page, name: string, themeName: string, address: string): Promise<void> {
  await page.getByTestId('dock-add').click();
  await addDialog(page).getByLabel('Comment s’appelle-t-il ?').fill(name);
  await onward(page).click();
  await theme(page, themeName).click();
  await onward(page).click();
  await street(page).fill(address);
  await addDialog(page).locator('.option').first().click();
  await onward(page).click();
  await onward(page).click();
  await expect(page.getByTestId('actor-name')).toHaveText(name);
  // The phone shows it before the server has it; what others read next must hold it.
  const all = async () => (await actors(page.request)).features.map((f) => f.properties.name);
  await expect.poll(all).toContain(name);
}
