/** The part of the territory that a séance is about, and the boxes drawn from it. */
import type { Geometry, Position } from 'geojson';
import { outerRings } from '../lib/geo';
import type { BBox, Territory } from '../lib/types';

export interface Area {
  kind: 'whole' | 'quartier' | 'view';
  quartier: string;
  box: BBox | null;
}

/** The shape to send; nothing for the whole territory. */
export function areaOf({ kind, quartier, box }: Area, territory: Territory): Geometry | null {
  if (kind === 'quartier') {
    const found = territory.quartiers.find((q) => q.slug === quartier);
    return found ? (found.boundary ?? rectangle(found.bbox)) : null;
  }
  return kind === 'view' && box ? rectangle(box) : null;
}

export function rectangle([w, s, e, n]: BBox): Geometry {
  const corners: Position[] = [
    [w, s],
    [e, s],
    [e, n],
    [w, n],
    [w, s],
  ];
  return { type: 'Polygon', coordinates: [corners] };
}

/** The box around a shape; null when there is nothing to be around. */
export function boxOf(geometry: Geometry | null | undefined): BBox | null {
  const points = outerRings(geometry ?? null).flat();
  if (points.length === 0) return null;
  const xs = points.map((p) => p[0]!);
  const ys = points.map((p) => p[1]!);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
