/** What the map says in numbers: each with its table, chart and file, the same in all three; links between actors. */
import { actorNamed, actors, MAP, SLUG } from './support/api';
import { violations } from './support/axe';
import { put } from './support/report';
import { accept } from './support/seance';
import { DESK, expect, test, type Page } from './support/test';

const PAGE = `/${SLUG}/statistiques`;
const plate = (page: Page, code: string) => page.locator(`[data-measure=${code}]`);
/** Thin and no-break spaces between thousands and before signs are for the eye. */
const plain = (text: string | null) => (text ?? '').replace(/[\s\u00a0\u202f]+/g, ' ').trim();

async function open(page: Page, query = ''): Promise<void> {
  await page.goto(PAGE + query);
  await expect(plate(page, 'stock')).toBeVisible();
  await expect(page.locator('.page [aria-busy=true]')).toHaveCount(0);
}
/** The numbers of a table on screen, row by row. */
async function tableOf(page: Page, code: string): Promise<string[][]> {
  await plate(page, code).getByText('Le tableau').click();
  const rows = plate(page, code).locator('table').first().locator('tbody tr');
  return rows.evaluateAll((all) =>
    all.map((row) =>
      [...row.children].map((cell) => (cell.textContent ?? '').replace(/[\s\u00a0\u202f]+/g, ' ').trim()),
    ),
  );
}
function csv(text: string): string[][] {
  const rows = text
    .replace(/^\ufeff/, '')
    .trim()
    .split(/\r?\n/);
  return rows
    .slice(1)
    .map((row) =>
      [...row.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, -1)
        .map((m) => m[1]!.replace(/^"|"$/g, '').replaceAll('""', '"')),
    );
}

test('the table on screen, the CSV and the chart tell the same numbers as the map', async ({
  page,
  request,
}) => {
  const all = await actors(request);
  await open(page);
  await expect(plate(page, 'stock').locator('.plate-value b')).toHaveText(String(all.numberMatched));
  const shown = await tableOf(page, 'stock');
  const address = await plate(page, 'stock')
    .getByRole('link', { name: /^Tableau CSV/ })
    .getAttribute('href');
  const file = csv(await (await request.get(address!)).text());
  expect(file.length).toBe(shown.length);
  expect(shown.map((row) => row.map((cell) => cell.replaceAll(' ', '')))).toEqual(
    file.map((row) => row.map((cell) => plain(cell).replaceAll(' ', ''))),
  );
  const social = all.features.filter((f) => f.properties.theme === 'SOL').length;
  expect(shown.find((row) => row.some((cell) => cell.startsWith('Solidarité')))).toContain(String(social));
  const chart = plate(page, 'stock').getByRole('img');
  const drawn = await (await request.get((await chart.getAttribute('src'))!)).text();
  for (const row of shown)
    expect(plain(drawn.replaceAll('&amp;', '&'))).toContain(row.find((cell) => /[a-zé]{4}/.test(cell))!);
  await expect(plate(page, 'stock')).toContainText('À savoir');
  await plate(page, 'stock').getByText('Comment c’est calculé').click();
  await expect(plate(page, 'stock').locator('.plate-how dl')).toContainText('Source');
});

test('a quartier and a theme narrow what is counted, and stay in the address', async ({ page, request }) => {
  await open(page);
  await page.getByRole('combobox', { name: /^Thème/ }).selectOption('SOL');
  await expect(page).toHaveURL(/theme=SOL/);
  const social = await actors(request, 'category=SOL');
  await expect(plate(page, 'stock').locator('.plate-value b')).toHaveText(String(social.numberMatched));
  await page.getByRole('combobox', { name: /^Thème/ }).selectOption('');
  await page.getByRole('combobox', { name: /^Où/ }).selectOption({ label: 'Centre-Remparts' });
  await expect(page).toHaveURL(/quartier=/);
  await page.reload();
  await expect(page.getByText('Centre-Remparts, état au')).toBeVisible();
  const slug = new URL(page.url()).searchParams.get('quartier')!;
  const here = (await (await request.get(`/api/v1/territories/${slug}`)).json()) as { actors: number };
  await expect(plate(page, 'stock').locator('.plate-value b')).toHaveText(String(here.actors));
  await expect(page.getByText('Le nombre d’habitants n’est pas connu ici')).toBeVisible();
});

test('two dates: what cannot be compared says why, what can shows both numbers', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Comparer deux dates' }).click();
  await expect(page.getByLabel('Depuis le')).toBeFocused();
  await page.getByRole('button', { name: 'Comparer', exact: true }).click();
  await expect(page.getByText('Choisissez la date de départ.')).toBeVisible();
  await page.getByLabel('Depuis le').fill('2020-01-01');
  await page.getByRole('button', { name: 'Comparer', exact: true }).click();
  await expect(page.getByText('La carte n’existait pas encore à cette date.')).toBeVisible();
  await page.getByRole('button', { name: 'Ne plus comparer' }).click();
  await expect(page).not.toHaveURL(/depuis/);
});

test('a link between two actors is added, seen from both sides, told in the history, drawn, and removed', async ({
  page,
  request,
  somebody,
}) => {
  const { id } = (await actorNamed(request, 'La Passerelle')).properties;
  await page.goto(`/${SLUG}/acteurs/${id}?nomap`);
  await page.getByText('Autres renseignements').click();
  await page.getByRole('button', { name: 'Ajouter un lien avec un autre acteur' }).click();
  const search = page.getByRole('combobox', { name: 'Quel autre acteur' });
  await expect(search).toBeFocused();
  await search.fill('Radio Vern');
  await expect(page.getByRole('option', { name: /Radio Vernelle/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByLabel('La Passerelle est, ou fait').selectOption({ label: 'membre de' });
  await page.getByRole('button', { name: 'Ajouter ce lien' }).click();
  const fact = page.locator('[data-field=relations]');
  await expect(fact).toContainText('membre de Radio Vernelle');
  await expect(page.getByTestId('history')).toContainText(
    'Liens avec d’autres acteurs : membre de Radio Vernelle',
  );

  const other = await somebody(DESK);
  const radio = (await actorNamed(request, 'Radio Vernelle')).properties.id;
  await other.goto(`/${SLUG}/acteurs/${radio}?nomap`);
  await expect(other.locator('[data-field=relations]')).toContainText('a pour membre La Passerelle');
  await other.goto(PAGE);
  await other.getByText('Le lien, avec ses deux acteurs').click();
  await expect(other.getByTestId('network').getByRole('row', { name: /La Passerelle/ })).toContainText(
    'Radio Vernelle',
  );

  await fact.getByRole('button', { name: /^Enlever : membre de Radio Vernelle/ }).click();
  await expect(fact).toHaveCount(0);
  await other.goto(`/${SLUG}/acteurs/${radio}?nomap`);
  await expect(other.getByTestId('actor-name')).toHaveText('Radio Vernelle');
  await expect(other.locator('[data-field=relations]')).toHaveCount(0);
});

test('the server is away: the page says so, and reads when asked again', async ({ page, watch }) => {
  watch.allow(/statistics|ERR_FAILED/);
  await page.route('**/statistics?*', (route) => route.abort());
  await page.goto(PAGE);
  await expect(page.getByRole('alert')).toContainText('Nous n’arrivons pas à joindre le serveur.');
  await page.unroute('**/statistics?*');
  await page.getByRole('button', { name: 'Essayer de nouveau' }).click();
  await expect(plate(page, 'stock')).toBeVisible();
});

test('nothing for axe to say, light and dark; nothing scrolls sideways at 320 pixels', async ({
  page,
  site,
  request,
}) => {
  test.slow();
  await accept(page, site, 'organiser');
  const [one, two] = (await actors(request)).features.map((f) => f.properties.id);
  await put(page.request, 'actor', 'add', { relations: [`partner:${two}`] }, one);
  const screens: Record<string, () => Promise<void>> = {
    statistics: async () => {
      await open(page);
      await page.getByRole('button', { name: 'Comparer deux dates' }).click();
      for (const code of ['stock', 'network']) await plate(page, code).getByText('Le tableau').click();
    },
    relations: async () => {
      await page.goto(`${MAP.replace('carte', `acteurs/${one}`)}?nomap&category=LIE`);
      await page.getByRole('button', { name: 'Ajouter un lien', exact: true }).click();
    },
  };
  for (const [name, visit] of Object.entries(screens)) {
    await page.setViewportSize({ width: 320, height: 640 });
    await visit();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(320);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect.soft(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
      await page.setViewportSize(DESK.viewport!);
    }
  }
});
