/**
 * Draws the base map of each territory of a running server: places and zooms below, in the three styles, as PNG files and
 * one page that shows them all. `node draw.mjs URL FOLDER [part of a name]`
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [url, folder, only = ''] = process.argv.slice(2);
const STYLES = ['light', 'dark', 'impression'];
/** Where to look, per territory, and from which zooms. A territory that the server lacks is passed over. */
const VIEWS = {
  andorre: {
    at: { 9: [1.58, 42.55], 12: [1.53, 42.52], 14: [1.5218, 42.5075] },
    zooms: [9, 12, 14, 16, 18],
  },
  liechtenstein: {
    at: { 9: [9.55, 47.14], 12: [9.53, 47.15], 14: [9.5209, 47.139] },
    zooms: [9, 12, 14, 16, 18],
  },
  monaco: {
    at: { 14: [7.424, 43.737], 16: [7.4205, 43.7335] },
    zooms: [14, 15, 16, 17, 18],
  },
  redon: { at: { 14: [-2.084, 47.651] }, zooms: [14, 15, 16, 17, 18] },
  solvigne: {
    at: { 12: [-1.79, 47.712], 14: [-1.795, 47.7115] },
    zooms: [12, 14, 15, 16, 17, 18],
  },
};

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  chromiumSandbox: false,
});
const page = await browser.newPage({
  viewport: { width: 900, height: 700 },
  locale: 'fr-FR',
});
page.on('console', (message) => message.type() === 'error' && console.error('console:', message.text()));
page.on('pageerror', (error) => console.error('page:', error.message));
page.on('request', (request) => {
  if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url))
    console.error('elsewhere:', request.url());
});
const found = await (await fetch(`${url}/api/v1/territories`)).json();
const slugs = new Set(found.territories.map((t) => t.slug));

for (const [slug, { at, zooms }] of Object.entries(VIEWS)) {
  if (!slugs.has(slug)) continue;
  for (const style of STYLES) {
    const wanted = zooms.filter((zoom) => `${slug}-${zoom}-${style}`.includes(only));
    if (wanted.length === 0) continue;
    await page.emulateMedia({
      colorScheme: style === 'dark' ? 'dark' : 'light',
    });
    await page.goto(`${url}/embed/${slug}?test&style=${style}`);
    await idle();
    for (const zoom of wanted) {
      const start = Date.now();
      const near = Object.keys(at)
        .map(Number)
        .filter((z) => z <= zoom)
        .at(-1);
      await page.evaluate(([center, zoom]) => globalThis.__map.jumpTo({ center, zoom }), [at[near], zoom]);
      await idle();
      const name = `${slug}-z${String(zoom).padStart(2, '0')}-${style}.png`;
      await page.screenshot({ path: join(folder, name) });
      console.log(`${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    }
  }
}
await browser.close();
writeFileSync(join(folder, 'index.html'), sheet());

/** Everything that the view needs has come and is drawn. */
async function idle() {
  await page.waitForFunction(() => globalThis.__map?.loaded(), null, {
    timeout: 60_000,
  });
  await page.evaluate(
    () =>
      new Promise((done) => {
        const map = globalThis.__map;
        map.once('idle', done);
        map.triggerRepaint();
      }),
  );
}

/** A contact sheet: one line per view, one column per style. */
function sheet() {
  const names = readdirSync(folder).filter((name) => name.endsWith('.png'));
  const views = [...new Set(names.map((name) => name.replace(/-[a-z]+\.png$/, '')))].sort();
  const cell = (name) =>
    names.includes(name) ? `<td><a href="${name}"><img src="${name}" alt="${name}"></a></td>` : '<td></td>';
  const rows = views.map((v) => `<tr><th>${v}</th>${STYLES.map((s) => cell(`${v}-${s}.png`)).join('')}</tr>`);
  return `<!doctype html><meta charset="utf-8"><title>Bouillon: base map</title>
<style>body{font:16px sans-serif}img{width:100%}td{width:31%}th{text-align:left;vertical-align:top}</style>
<table>${rows.join('\n')}</table>
`;
}
