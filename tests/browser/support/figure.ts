/** Figures as people make them: from the map page, in two presses. */
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { MAP, SLUG, uuidv7 } from './api';

export const QUARTIER = 'solvigne-centre-remparts';

/** Makes a figure of what a map page shows; gives the path of its page. */
export async function makeFigure(page: Page, query: string, kind?: string): Promise<string> {
  await page.goto(`${MAP}?nomap&${query}`);
  await expect(page.getByTestId('count')).toContainText(/\d+ acteur/);
  await page.getByTestId('open-figure').click();
  if (kind) await page.locator('.make-figure label.kind', { hasText: kind }).click();
  await page.getByTestId('make-go').click();
  await expect(page).toHaveURL(/\/f\/[0-9a-f-]{36}$/);
  await expect(page.getByTestId('state-line')).toBeVisible();
  return new URL(page.url()).pathname;
}

export async function freeze(page: Page): Promise<void> {
  await page.getByTestId('freeze').click();
  // Files are drawn for paper while the button waits.
  await expect(page.getByTestId('seal')).toContainText('Figure figée', {
    timeout: 60_000,
  });
}

/** Adds an actor at a place, as somebody else would. */
export async function addActor(
  request: APIRequestContext,
  name: string,
  category: string,
  [lon, lat]: [number, number],
): Promise<string> {
  const id = uuidv7();
  const form = (await (await request.get('/api/v1/form')).json()) as {
    token: string;
  };
  const edit = {
    id: uuidv7(),
    subject: { kind: 'actor', id },
    kind: 'create',
    territory: SLUG,
    set: {
      name,
      primary_category: category,
      categories: [category],
      'place/p1/position': { lon, lat, precision: 'exact' },
    },
  };
  const answer = await request.post('/api/v1/edits', {
    data: { edits: [edit], form: { token: form.token, trap: '' } },
  });
  if (!answer.ok()) throw new Error(await answer.text());
  return id;
}
