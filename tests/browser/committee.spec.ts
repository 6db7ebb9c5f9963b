/** A committee's whole way: a figure of two themes in a quartier, frozen; then life goes on, and what was printed stays; the frame elsewhere; the report. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAP, SLUG } from './support/api';
import { addActor, freeze } from './support/figure';
import { put } from './support/report';
import { accept } from './support/seance';
import { extractOf, importDemo, temporaryFolder } from './support/site';
import { expect, test as base } from './support/test';

/** The commune as it was in 2025, so that there is something newer to import. */
const test = base.extend<object, { demo: string }>({
  demo: [
    async ({}, use) => {
      const data = temporaryFolder();
      importDemo(data, extractOf('2025-03-01'));
      await use(data);
      rmSync(data, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
});

const CENTRE: [number, number] = [-1.7946, 47.7119];
const FILES = ['geojson', 'csv', 'svg', 'png', 'pdf'];

test('what a committee froze keeps its bytes through additions, a re-import and a restart; the frame and the report leave the house', async ({
  page,
  site,
  request,
  watch,
}) => {
  test.slow();
  await accept(page, site, 'admin');
  await page.goto(`${MAP}?nomap&category=SOL,ALI`);
  await page.getByTestId('area').selectOption('Centre-Remparts');
  await expect(page.getByTestId('count')).toContainText('dans Centre-Remparts');
  await page.getByTestId('open-figure').click();
  await page.getByTestId('make-go').click();
  await expect(page).toHaveURL(/\/f\//);
  await page.getByTestId('publish').click();
  await freeze(page);
  const path = new URL(page.url()).pathname;
  const said = await page.getByTestId('state-line').textContent();

  const hashes = async () => {
    const made: Record<string, string> = {};
    for (const kind of FILES) {
      const answer = await request.get(`${path}.${kind}`);
      expect(answer.status(), kind).toBe(200);
      made[kind] = createHash('sha256')
        .update(await answer.body())
        .digest('hex');
    }
    return made;
  };
  const frozen = await hashes();

  await test.step('somebody adds an actor of a theme there', async () => {
    await addActor(request, 'La Cuisine du rempart', 'ALI', CENTRE);
    await page.reload();
    await expect(page.getByTestId('since')).toContainText('1 acteur ajouté');
    expect(await hashes()).toEqual(frozen);
  });

  await test.step('OpenStreetMap is imported again, a year later', async () => {
    await page.goto(`/${SLUG}/imports`);
    await page.getByLabel('Choisir un fichier').setInputFiles(extractOf('2026-03-01'));
    await page.getByRole('button', { name: 'Envoyer et voir ce qui changerait' }).click();
    const state = page.getByTestId('run-state');
    await expect(state).toHaveAttribute('data-state', 'planned', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Appliquer' }).click();
    await expect(state).toHaveAttribute('data-state', 'applied', { timeout: 60_000 });
    expect(await hashes()).toEqual(frozen);
  });

  await test.step('the server starts again', async () => {
    watch.allow(/ERR_CONNECTION_REFUSED|Failed to fetch|WebSocket/);
    await page.goto('about:blank');
    await site.end();
    await site.begin();
    expect(await hashes()).toEqual(frozen);
    await page.goto(path);
    await expect(page.getByTestId('state-line')).toHaveText(said ?? '');
    await expect(page.getByTestId('since')).toContainText('La Cuisine du rempart');
  });

  await test.step('a page at another port shows it in a frame', async () => {
    const frame = `<iframe title="Figure" src="${site.url}/embed/${SLUG}?figure=${path.slice(3)}" width="800" height="600"></iframe>`;
    const host = createServer((_, answer) => {
      answer.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': `default-src 'none'; frame-src ${site.url}`,
      });
      answer.end(
        `<!doctype html><html lang="fr"><title>Mairie</title><body><h1>Ma commune</h1>${frame}</body></html>`,
      );
    });
    await new Promise<void>((listening) => host.listen(0, '127.0.0.1', listening));
    const url = `http://localhost:${(host.address() as AddressInfo).port}`;
    watch.trust(url);
    watch.allow(/favicon|Content Security Policy/);
    await page.goto(url);
    await expect(page.frameLocator('iframe').locator('body')).toContainText(said?.split(' · ')[0] ?? '');
    await page.goto('about:blank');
    host.closeAllConnections();
    host.close();
  });

  await test.step('the report with the figure is frozen, downloaded, and opens in LibreOffice', async () => {
    const report = await put(page.request, 'report', 'create', {
      title: 'Diagnostic démocratique de Solvigné',
    });
    await put(page.request, 'block', 'create', {
      report,
      section: 'priorities',
      order: 10,
      text: 'Nourrir le centre, d’abord.',
      figure: path.slice(3),
    });
    await page.goto(`/${SLUG}/rapports/${report}`);
    const answer = await page.request.post(`/api/v1/reports/${report}/freeze`);
    expect(answer.status()).toBe(200);
    const bytes = async () => (await page.request.get(`/r/${report}.docx`)).body();
    const docx = await bytes();
    await addActor(request, 'Une épicerie de plus', 'ALI', CENTRE);
    expect(Buffer.compare(await bytes(), docx), 'a frozen report keeps its bytes').toBe(0);
    const folder = mkdtempSync(join(tmpdir(), 'bouillon-report-'));
    writeFileSync(join(folder, 'rapport.docx'), docx);
    const profile = `-env:UserInstallation=file://${folder}/profile`;
    const done = spawnSync(
      'soffice',
      [profile, '--headless', '--convert-to', 'txt:Text', '--outdir', folder, join(folder, 'rapport.docx')],
      {
        timeout: 120_000,
      },
    );
    expect(done.status, String(done.stderr)).toBe(0);
    const text = readFileSync(join(folder, 'rapport.txt'), 'utf8');
    for (const words of [
      'Diagnostic démocratique de Solvigné',
      'Nourrir le centre, d’abord.',
      'Centre-Remparts',
    ])
      expect(text).toContain(words);
    rmSync(folder, { recursive: true, force: true });
  });
});
