import { resolve } from 'node:path';
import { violations } from './support/axe';
import { DRAWN, EMPTY, MAPS, PLAIN } from './support/screens';
import { importSecond } from './support/site';
import { DESK, expect, PHONE, test } from './support/test';

const pictures = resolve(__dirname, '../../web/test-results/screens');
/**
 * Axe takes a second or two a page. Each screen is seen by it on a desk in light and on a phone in dark, the map in all
 * four; the pictures whose only difference is the drawn map say nothing new to it.
 */
function looksAt(name: string, device: string, shade: string): boolean {
  if (name in DRAWN) return false;
  return name in MAPS || (device === 'bureau') === (shade === 'clair');
}

const all = { ...PLAIN, ...MAPS, ...DRAWN, ...EMPTY };
for (const [name, visit] of Object.entries(all)) {
  test.describe(() => {
    test.use({ empty: name in EMPTY });
    test(`${name}: nothing for axe to say, on a desk and a phone, in light and dark`, async ({
      somebody,
      request,
      site,
      watch,
    }) => {
      if (name === 'annuaire') importSecond(site.data);
      if (name === 'conflit') watch.allow(/409 \(Conflict\)/);
      if (name === 'page-absente') watch.allow(/404 \(Not Found\)/);
      for (const [device, options] of Object.entries({ bureau: DESK, telephone: PHONE })) {
        const page = await somebody(options);
        await visit({ page, request, phone: options === PHONE });
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          const shade = colorScheme === 'light' ? 'clair' : 'sombre';
          await page.screenshot({ path: `${pictures}/${name}-${device}-${shade}.png`, scale: 'css' });
          if (looksAt(name, device, shade))
            expect.soft(await violations(page), `${name}, ${device}, ${shade}`).toEqual([]);
        }
        await page.context().close();
      }
    });
  });
}
