/** Roughly where somebody looks, in words: no cursor, no point. Pure. */
import { center, contains, quartierAt } from '../lib/geo';
import type { BBox, Quartier } from '../lib/types';

export type Whereabouts = { is: 'all' } | { is: 'near' } | { is: 'in'; name: string } | { is: 'part' };

const area = ([w, s, e, n]: BBox) => (e - w) * (n - s);
const holds = ([w, s, e, n]: BBox, [lon, lat]: [number, number]) =>
  w <= lon && lon <= e && s <= lat && lat <= n;

/** `mine`: where this page looks, null when it shows everything. */
export function whereabouts(
  view: BBox | null,
  mine: BBox | null,
  territory: BBox,
  quartiers: readonly Quartier[],
): Whereabouts | null {
  if (!view) return null;
  if (contains(view, territory)) return { is: 'all' };
  const at = center(view);
  if (mine && !contains(mine, territory) && holds(mine, at) && area(view) <= 4 * area(mine))
    return { is: 'near' };
  const around = quartierAt(quartiers, at[0], at[1]);
  return around ? { is: 'in', name: around.name } : { is: 'part' };
}

/** What is told of a view: rounded to about ten metres, or null when it is not a box. */
export function told(view: BBox | null): BBox | null {
  return view && (view.map((v) => Math.round(v * 1e4) / 1e4) as BBox);
}
