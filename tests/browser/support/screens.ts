/** Every screen of the app and how to reach it: the accessibility test and the pictures go through the same list. */
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { addDialog, onward, theme } from './adding';
import { actorNamed, change, MAP, SLUG } from './api';
import { mapIdle } from './test';

export interface Tour {
  page: Page;
  request: APIRequestContext;
  phone: boolean;
}
type Visit = (tour: Tour) => Promise<void>;

/** Axe takes its time on a long list; one screen shows it whole, the others a few lines. */
const FEW = 'nomap&category=LIE,SOL';
const centre = 'bbox=-1.7990,47.7090,-1.7910,47.7140';
const noMap =
  (path: string): Visit =>
  async ({ page }) => {
    const sign = path.includes('?') ? '&' : '?';
    await page.goto(path.includes('nomap') ? path : `${path}${sign}nomap`);
    await expect(page.locator('h1').first()).toBeAttached();
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  };

async function sheetOf(tour: Tour, name: string, query: string): Promise<string> {
  const { id } = (await actorNamed(tour.request, name)).properties;
  await tour.page.goto(`/${SLUG}/acteurs/${id}?${query}`);
  await expect(tour.page.getByTestId('history').locator('li').first()).toBeVisible();
  return id;
}

async function dialogAt(step: number, { page, phone }: Tour): Promise<void> {
  await page.goto(`${MAP}?${FEW}`);
  await page.getByTestId(phone ? 'dock-add' : 'add-actor').click();
  const dialog = addDialog(page);
  await dialog.getByLabel('Comment s’appelle-t-il ?').fill('Jardins de la Vernelle');
  await expect(page.getByTestId('twins')).toBeVisible();
  if (step === 1) return;
  await onward(page).click();
  await theme(page, 'Alimentation').click();
  if (step === 2) return;
  await onward(page).click();
  await dialog.getByLabel('Ou un quartier').selectOption('Centre-Remparts');
  if (step === 3) return;
  await onward(page).click();
  await dialog.getByLabel('En une phrase').fill('On y cultive ensemble, avec ou sans expérience.');
}

/** Two answers for one sentence: this page's, and one that came while it was being written. */
async function conflict(tour: Tour): Promise<void> {
  const { page, request } = tour;
  const id = await sheetOf(tour, 'La Passerelle', FEW);
  await page.getByRole('button', { name: /Dire en une phrase|Changer la phrase/ }).click();
  await page.getByRole('textbox', { name: 'En une phrase' }).fill('On y trouve un toit pour quelques nuits.');
  await change(
    request,
    id,
    'summary',
    `On y trouve un toit et un repas chaud.${tour.phone ? ' Tous les soirs.' : ''}`,
  );
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await expect(page.getByTestId('conflict')).toBeVisible();
}

/** Screens without WebGL: quick, so they are visited often. */
export const PLAIN: Record<string, Visit> = {
  annuaire: noMap('/'),
  accueil: noMap(`/${SLUG}`),
  liste: async (tour) => {
    await noMap(MAP)(tour);
    await expect(tour.page.getByTestId('list').getByRole('link').first()).toBeVisible();
  },
  themes: async (tour) => {
    await noMap(`${MAP}?category=SOL`)(tour);
    await tour.page
      .getByRole('button', { name: /Thèmes|Tous les thèmes/ })
      .first()
      .click();
    await expect(tour.page.getByRole('heading', { name: 'Thèmes et légende' })).toBeVisible();
  },
  recherche: async (tour) => {
    await noMap(`${MAP}?${FEW}`)(tour);
    await tour.page.getByRole('combobox', { name: 'Chercher un acteur' }).fill('jardin');
    await expect(tour.page.getByRole('option').first()).toBeVisible();
  },
  'recherche-vide': async (tour) => {
    await noMap(`${MAP}?q=fanfare`)(tour);
    await expect(tour.page.getByText('Aucun acteur ne s’appelle « fanfare ». L’ajouter ?')).toBeAttached();
  },
  fiche: async (tour) => void (await sheetOf(tour, 'Médiathèque Colette', FEW)),
  'fiche-modifier': async (tour) => {
    await sheetOf(tour, 'Médiathèque Colette', FEW);
    await tour.page.getByRole('button', { name: 'Modifier : Horaires' }).click();
  },
  presence: async (tour) => {
    await noMap(`${MAP}?${FEW}`)(tour);
    await tour.page.locator('[data-testid=presence]:visible').click();
    await expect(tour.page.getByTestId('people').getByLabel('Votre prénom ou surnom')).toBeVisible();
  },
  fermeture: async (tour) => {
    await sheetOf(tour, 'La Passerelle', FEW);
    await tour.page.getByRole('button', { name: 'Signaler une fermeture' }).click();
  },
  'ajouter-1-nom': (tour) => dialogAt(1, tour),
  'ajouter-2-theme': (tour) => dialogAt(2, tour),
  'ajouter-3-lieu': (tour) => dialogAt(3, tour),
  'ajouter-4-phrase': (tour) => dialogAt(4, tour),
  conflit: conflict,
  historique: noMap(`/${SLUG}/historique`),
  'mes-contributions': async (tour) => {
    await sheetOf(tour, tour.phone ? 'La Gratuiterie' : 'Radio Vernelle', 'nomap');
    const right = tour.page.getByTestId('right');
    await right.click();
    await expect(right).toBeDisabled();
    await noMap(`/${SLUG}/mes-contributions`)(tour);
    await tour.page.getByRole('button', { name: /Obtenir un (nouveau )?code/ }).click();
    await expect(tour.page.getByTestId('recovery-code')).toBeVisible();
  },
  partager: async (tour) => {
    await noMap(`${MAP}?${FEW}`)(tour);
    await tour.page.getByRole('button', { name: 'Partager / intégrer' }).click();
  },
  touches: async (tour) => {
    await noMap(`${MAP}?${FEW}`)(tour);
    await tour.page.getByRole('button', { name: 'Touches du clavier' }).click();
  },
  'cadre-liste': noMap(`/embed/${SLUG}?list=1&category=ALI`),
  'mentions-legales': noMap('/mentions-legales'),
  'donnees-personnelles': noMap('/donnees-personnelles'),
  accessibilite: noMap('/accessibilite'),
  invitation: noMap('/invitation#un-jeton'),
  'page-absente': noMap('/nulle/part/ici'),
};

/** Screens with the map. */
export const MAPS: Record<string, Visit> = {
  carte: async ({ page }) => {
    await page.goto(`${MAP}?test`);
    await mapIdle(page);
  },
  'carte-centre-fiche': async (tour) => {
    await sheetOf(tour, 'Bric-à-brac Sainte-Barbe', `test&${centre}`);
    await mapIdle(tour.page);
  },
};

/** Screens with a map whose end of drawing only the picture needs. */
export const DRAWN: Record<string, Visit> = {
  'accueil-carte': async ({ page }) => {
    await page.goto(`/${SLUG}`);
    await page.waitForFunction(() => document.documentElement.dataset.mapIdle === '1', null, {
      timeout: 60_000,
    });
  },
  'ajouter-3-carte': async (tour) => {
    await dialogAt(3, tour);
    const address = new URL(tour.page.url());
    address.searchParams.delete('nomap');
    await tour.page.goto(address.href);
    await tour.page.getByTestId(tour.phone ? 'dock-add' : 'add-actor').click();
    await tour.page.locator('.picker-map canvas').waitFor({ timeout: 60_000 });
    await tour.page.waitForTimeout(4000);
  },
  cadre: async ({ page }) => {
    await page.goto(`/embed/${SLUG}?test&category=ALI,SOL`);
    await mapIdle(page);
  },
};

export const EMPTY: Record<string, Visit> = { 'installation-vide': noMap('/') };
