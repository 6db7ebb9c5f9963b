/**
 * Plays a carto-party on a running server and draws it: two phones, a desk, the projector, each as PNG and all on one sheet.
 * `node seance.mjs URL INVITATION FOLDER`
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [url, invitation, folder] = process.argv.slice(2);
const TERRITORY = 'solvigne';
const TITLE = 'Le Centre-Remparts, rue par rue';
const HOUR = 3_600_000;
const SIZES = {
  wall: { width: 1280, height: 720 },
  desk: { width: 1280, height: 860 },
  phone: { width: 360, height: 760 },
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  chromiumSandbox: false,
});

/** Somebody with a device of their own. */
async function somebody(size) {
  const hand = size === SIZES.phone;
  const context = await browser.newContext({
    viewport: size,
    deviceScaleFactor: hand ? 2 : 1,
    isMobile: hand,
    hasTouch: hand,
    locale: 'fr-FR',
    timezoneId: 'Europe/Paris',
    reducedMotion: 'reduce',
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => console.error('page:', error.message));
  return page;
}
const clock = (time) =>
  new Intl.DateTimeFormat('fr-FR', { hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Paris' }).format(
    time,
  );

const organiser = await somebody(SIZES.desk);
await organiser.goto(invitation);
await organiser.getByRole('button', { name: 'Accepter l’invitation' }).click();
await organiser.getByText('Bienvenue.').waitFor();
await organiser.goto(`${url}/${TERRITORY}/seances`);
await organiser.getByTestId('open-form').click();
await organiser.getByLabel('Titre').fill(TITLE);
await organiser
  .getByLabel('En une phrase')
  .fill('On fait le tour du centre à pied, puis on partage la soupe.');
// Times that an organiser would choose: whole quarters.
const quarter = (time) => Math.round(time / (HOUR / 4)) * (HOUR / 4);
await organiser.getByLabel('De', { exact: true }).fill(clock(quarter(Date.now() - HOUR)));
await organiser.getByLabel('À', { exact: true }).fill(clock(quarter(Date.now() + HOUR)));
await organiser.locator('label', { hasText: 'Un quartier' }).click();
await organiser.getByLabel('Quel quartier ?').selectOption('Centre-Remparts');
await organiser.getByTestId('open-go').click();
const code = await organiser.getByTestId('door-code').textContent();
// The address that people type is not the one of this server.
const door = new URL(await organiser.getByTestId('to-screen').getAttribute('href'));
const screen = url + door.pathname + door.hash;
const path = door.pathname.replace('/ecran', '');

const wall = await somebody(SIZES.wall);
await wall.goto(screen);
await wall.getByTestId('count-added').waitFor();

/** Comes in with the code on the wall. */
async function comeIn(nickname) {
  const page = await somebody(SIZES.phone);
  await page.goto(`${url}/s`);
  await page.getByLabel('Le code écrit sur le mur').fill(code);
  await page.getByLabel('Votre prénom ou un surnom').fill(nickname);
  await page.getByTestId('join-go').click();
  await page.getByTestId('strip').waitFor();
  return page;
}
async function add(page, name, theme, address) {
  const dialog = page.getByRole('dialog', { name: 'Ajouter un acteur' });
  const onward = dialog.getByTestId('add-next');
  await page.getByTestId('dock-add').click();
  await dialog.getByLabel('Comment s’appelle-t-il ?').fill(name);
  await onward.click();
  await dialog.locator('label.theme-button', { hasText: theme }).click();
  await onward.click();
  await dialog.getByRole('combobox', { name: 'Chercher' }).fill(address);
  await dialog.locator('.option').first().click();
  await onward.click();
  await onward.click();
  await page.getByTestId('actor-name').getByText(name).waitFor();
}
const close = (page) => page.getByTestId('sheet').getByRole('button', { name: 'Fermer' }).first().click();

const zoe = await comeIn('Zoé');
const idriss = await comeIn('Idriss');
const ana = await comeIn('Ana');
for (const [who, how] of [
  [zoe, 'done'],
  [idriss, 'done'],
  [ana, 'Rien ici'],
  [zoe, ''],
  [idriss, ''],
]) {
  await who.getByTestId('strip-next').click();
  await who.getByTestId('strip-take').click();
  const strip = who.getByTestId('strip');
  await strip.getByText('Ma zone').waitFor();
  if (how) await strip.getByRole('button', { name: how === 'done' ? 'C’est vu' : how }).click();
  if (how) await who.getByTestId('strip-next').waitFor();
}
await add(zoe, 'La Bricole du rempart', 'Réemploi', 'rue haute');
await close(zoe);
await add(ana, 'Chœur des Fontaines', 'Culture,', 'grande rue');
await add(idriss, 'Les Paniers du Ruisseau', 'Alimentation', 'rue de la halle');
await close(idriss);
// One phone shows the sheet of what it added; on the other, somebody begins to add the same thing.
await zoe.getByTestId('dock-add').click();
await zoe.getByLabel('Comment s’appelle-t-il ?').fill('Paniers du ruisseau');
await zoe.getByTestId('radar').locator('li').first().waitFor();

await wall.locator('.callout-name', { hasText: 'Les Paniers du Ruisseau' }).waitFor();
await wall.waitForTimeout(6000);
await wall.screenshot({ path: join(folder, 'seance-wall.png') });
await zoe.screenshot({ path: join(folder, 'seance-phone-1.png') });
await idriss.waitForTimeout(2000);
await idriss.screenshot({ path: join(folder, 'seance-phone-2.png') });
await organiser.goto(url + path);
await organiser.getByTestId('cells').locator('.cell').first().waitFor();
await organiser.waitForFunction(() => document.documentElement.dataset.mapIdle === '1', null, {
  timeout: 60_000,
});
await organiser.waitForTimeout(1500);
await organiser.screenshot({ path: join(folder, 'seance-desk.png') });

const sheet = await browser.newPage({ viewport: { width: 1800, height: 1760 } });
const picture = (name, caption, width) => {
  const data = readFileSync(join(folder, `seance-${name}.png`)).toString('base64');
  return `<figure style="width:${width}px"><img src="data:image/png;base64,${data}" alt=""><figcaption>${caption}</figcaption></figure>`;
};
await sheet.setContent(`<!doctype html><meta charset="utf-8"><style>
body{margin:40px;background:#e7ecea;font:22px sans-serif;display:grid;grid-template-columns:1280px 360px;gap:28px 60px;justify-content:center}
figure{margin:0}img{display:block;width:100%;border:2px solid #14282c;border-radius:8px}figcaption{margin-top:10px}</style>
${picture('wall', '1. Sur le mur, 1280 × 720', 1280)}${picture('phone-1', '2. Un téléphone, 360 × 760', 360)}
${picture('desk', '3. Un ordinateur, 1280 × 860', 1280)}${picture('phone-2', '4. Un autre téléphone', 360)}`);
await sheet.screenshot({ path: join(folder, 'seance.png'), fullPage: true });
await browser.close();
console.log(join(folder, 'seance.png'));
