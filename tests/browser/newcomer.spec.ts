import { addDialog, onward, street, theme } from './support/adding';
import { actors, MAP, SLUG } from './support/api';
import { readTile, tileAt } from './support/mvt';
import { expect, PHONE, test, type Page } from './support/test';

const NAME = 'Cantine buissonnière';

/** 1.6 Mbit/s and 150 ms: a village with one bar of network. */
async function slowNetwork(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: (1.6 * 1024 * 1024) / 8,
    uploadThroughput: (0.75 * 1024 * 1024) / 8,
  });
}

test.describe('on a phone with a slow network', () => {
  // The limits and the minimum fill time that a new installation has.
  test.use({ ...PHONE, serve: [] });

  test('a newcomer adds an actor in a minute with four required inputs at most, and another person finds it', async ({
    page,
    request,
    somebody,
  }) => {
    await slowNetwork(page);
    const started = Date.now();
    await page.goto('/');
    await page.getByRole('link', { name: 'Compléter la carte' }).tap();
    await page.getByTestId('dock-add').tap();

    const dialog = addDialog(page);
    const next = onward(page);
    let required = 0;
    /** An input is required when the dialog does not go on without it. */
    const answer = async (question: string, refusal: string, give: () => Promise<void>) => {
      await expect(dialog.getByText(question)).toBeVisible();
      await next.tap();
      if (await dialog.getByText(refusal).isVisible()) required += 1;
      await give();
      await next.tap();
    };
    await answer('Comment s’appelle-t-il ?', 'Écrivez un nom, même provisoire.', () =>
      dialog.getByLabel('Comment s’appelle-t-il ?').pressSequentially(NAME, { delay: 60 }),
    );
    await answer('Que fait-il surtout ?', 'Choisissez un thème, ou « Je ne sais pas ».', () =>
      theme(page, 'Alimentation').tap(),
    );
    await answer('Où le trouve-t-on ?', 'Choisissez un lieu, ou « Pas de lieu ».', async () => {
      await street(page).pressSequentially('12 rue du guet', { delay: 60 });
      await dialog.getByRole('option', { name: '12 Rue du Guet' }).tap();
      await expect(dialog.getByText('99350 Solvigné · INSEE 99935')).toBeVisible();
    });
    await expect(dialog.getByText('En une phrase, que peut-on y faire ?')).toBeVisible();
    await next.tap();

    const sheet = page.getByTestId('sheet');
    await expect(sheet.getByRole('heading', { name: NAME })).toBeVisible();
    await expect(page.getByText('C’est sur la carte. Merci.')).toBeVisible();
    const seconds = (Date.now() - started) / 1000;
    test.info().annotations.push({ type: 'seconds', description: String(seconds) });
    expect(seconds, 'from the first page to the saved actor').toBeLessThanOrEqual(60);
    expect(required, 'answers that the dialog insists on').toBe(3);

    await test.step('in the search and the list of another browser', async () => {
      const other = await somebody({ viewport: { width: 1280, height: 800 } });
      await other.goto(`${MAP}?nomap`);
      await expect(other.getByTestId('list').getByRole('link', { name: NAME })).toBeVisible();
      await other.getByRole('combobox', { name: 'Chercher un acteur' }).fill('cantine buis');
      await other.getByRole('option', { name: NAME }).click();
      await expect(other.getByTestId('actor-name')).toHaveText(NAME);
      await expect(other.getByTestId('sheet').getByText('Rue du Guet').first()).toBeVisible();
    });
    await test.step('in the GeoJSON and the tile', async () => {
      const found = (await actors(request)).features.find((f) => f.properties.name === NAME);
      expect(found?.properties).toMatchObject({ theme: 'ALI', state: 'to_check', street: '12 Rue du Guet' });
      const [lon, lat] = found!.geometry!.coordinates;
      const tile = await request.get(`/tiles/actors/${SLUG}/${tileAt(lon, lat, 20)}.mvt`);
      const names = readTile(await tile.body())
        .filter((feature) => feature.layer === 'actors')
        .map((feature) => feature.attributes.name);
      expect(names).toContain(NAME);
    });
  });
});
