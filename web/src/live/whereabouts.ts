/** Roughly where somebody looks, in words: no cursor, no point. Pure. */
import { contains } from '../lib/geo';
import type { BBox, Quartier } from '../lib/types';

export type Whereabouts = { is: 'all' } | { is: 'near' } | { is: 'in'; name: string } | { is: 'part' };

const centre = ([w, s, e, n]: BBox): [number, number] => [(w + e) / 2, (s + n) / 2];
const area = ([w, s, e, n]: BBox) => (e - w) * (n - s);
const holds = ([w, s, e, n]: BBox, [lon, lat]: [number, number]) =>
  w <= lon && lon <= e && s <= lat && lat <= n;

/** `mine`: where this page looks, null when it shows everything. */
export function whereabouts(
  view: BBox | null,
  mine: BBox | null,
  territory: BBox,
  quartiers: readonly Pick<Quartier, 'name' | 'bbox'>[],
): Whereabouts | null {
  if (!view) return null;
  if (contains(view, territory)) return { is: 'all' };
  const at = centre(view);
  if (mine && !contains(mine, territory) && holds(mine, at) && area(view) <= 4 * area(mine))
    return { is: 'near' };
  const around = quartiers.filter((q) => holds(q.bbox, at)).sort((a, b) => area(a.bbox) - area(b.bbox));
  return around[0] ? { is: 'in', name: around[0].name } : { is: 'part' };
}

/** What is told of a view: rounded to about ten metres, or null when it is not a box. */
export function told(view: BBox | null): BBox | null {
  return view && (view.map((v) => Math.round(v * 1e4) / 1e4) as BBox);
}
