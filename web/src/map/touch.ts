/** What MapView does with a live map that needs nothing else of it: what lies under a finger, and other inks. */
import type { Map as GlMap } from 'maplibre-gl';
import type { BBox } from '../lib/types';
import { LAYERS } from './ids';
import { repaint, type Style } from './style';

/** What lies within 14 px of a point on each side, the nearest first: fingers are wide. */
export function nearest(map: GlMap, point: { x: number; y: number }) {
  const layers = [LAYERS.actors, LAYERS.fresh, LAYERS.clusters, LAYERS.selected].filter((id) =>
    map.getLayer(id),
  );
  const found = map.queryRenderedFeatures(
    [
      [point.x - 14, point.y - 14],
      [point.x + 14, point.y + 14],
    ],
    { layers },
  );
  const distance = (f: (typeof found)[number]) => {
    if (f.geometry.type !== 'Point') return Infinity;
    const p = map.project(f.geometry.coordinates as [number, number]);
    return (p.x - point.x) ** 2 + (p.y - point.y) ** 2;
  };
  return found.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

/** A box a little larger, so that what lies on its edge is in it. */
export function grow([w, s, e, n]: BBox): BBox {
  return [w - 0.00002, s - 0.00002, e + 0.00002, n + 0.00002];
}

/** Paints a live map as another style does. Its layers stay, with the data and the filters they hold. */
export function restyle(map: GlMap, from: Style, to: Style): void {
  const { paint, layout } = repaint(from, to);
  for (const [layer, key, value] of paint) map.setPaintProperty(layer, key as never, value as never);
  for (const [layer, key, value] of layout) map.setLayoutProperty(layer, key as never, value as never);
}
