/** Gommettes and heaps as SVG text, for markers that are elements of the page. */
import { glyph, themeColor } from '../parts/glyphs';
import type { ActorFeature } from '../lib/types';
import { arcs } from './markers';
import { THEME_CODES } from '../parts/glyphs';

export function gommetteSvg(theme: string, full: boolean, chosen: boolean): string {
  const color = themeColor(theme);
  const ring = chosen
    ? '<circle cx="18" cy="18" r="26" fill="#0A2F37"/><circle cx="18" cy="18" r="23.500" fill="#F6BE3B"/>'
    : '';
  const disc = full
    ? `<circle cx="18" cy="18" r="16" fill="${color}"/>`
    : `<circle cx="18" cy="18" r="14.700" fill="#fff" stroke="${color}" stroke-width="2.600"/>`;
  return (
    `<svg class="gommette" width="36" height="36" viewBox="0 0 36 36" overflow="visible" aria-hidden="true">${ring}` +
    `<circle cx="18" cy="18" r="18" fill="#fff"/>${disc}` +
    `<path transform="translate(9 9) scale(1.200)" fill="${full ? '#fff' : color}" d="${glyph(theme)}"/></svg>`
  );
}

/** A white disc with the number inside, and a ring with the shares of the themes. */
export function heapSvg(features: readonly ActorFeature[], said: string): { svg: string; size: number } {
  const size = features.length < 10 ? 46 : features.length < 100 ? 54 : 60;
  const middle = size / 2;
  const radius = middle - 5;
  const around = 2 * Math.PI * radius;
  const shares = THEME_CODES.map((code) => features.filter((f) => f.properties.theme === code).length);
  let from = 0;
  const rings = arcs(shares)
    .map(({ color, share }) => {
      const length = Math.max(0.5, share * around - (share < 1 ? 2.5 : 0));
      const ring =
        `<circle cx="${middle}" cy="${middle}" r="${radius}" fill="none" stroke="${color}" stroke-width="6" ` +
        `stroke-dasharray="${length.toFixed(1)} ${around.toFixed(1)}" stroke-dashoffset="${(-from * around).toFixed(1)}" ` +
        `transform="rotate(-90 ${middle} ${middle})"/>`;
      from += share;
      return ring;
    })
    .join('');
  const svg =
    `<svg class="gommette" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}" aria-hidden="true">` +
    `<circle cx="${middle}" cy="${middle}" r="${middle}" fill="#fff"/>${rings}` +
    `<text x="${middle}" y="${middle + 6}" text-anchor="middle" font-size="16" font-weight="700" fill="#14282C">${said}</text></svg>`;
  return { svg, size };
}
