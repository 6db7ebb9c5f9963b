/** Small geometry in degrees: boxes and points in polygons. Nothing here knows the map library. */
import type { Geometry, Position } from 'geojson';
import type { BBox, Quartier } from './types';

export function parseBBox(text: string | null): BBox | null {
  const parts = (text ?? '').split(',').map(Number);
  const [w, s, e, n] = parts;
  if (parts.length !== 4 || parts.some((v) => !Number.isFinite(v))) return null;
  return w! < e! && s! < n! && w! >= -180 && e! <= 180 && s! >= -90 && n! <= 90 ? [w!, s!, e!, n!] : null;
}

/** Five decimals are about a metre: enough for a view, short in an address. */
export function formatBBox(box: BBox): string {
  return box.map((v) => String(Number(v.toFixed(5)))).join(',');
}

export function contains(outer: BBox, inner: BBox): boolean {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
}

/** A box with a margin, as a part of its width and height. */
export function grow([w, s, e, n]: BBox, by: number): BBox {
  return [w - (e - w) * by, s - (n - s) * by, e + (e - w) * by, n + (n - s) * by];
}

export function center(box: BBox): [number, number] {
  return [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
}

/** Metres between two points that are not far apart. */
export function metres(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const degree = 111_195;
  const east = (b.lon - a.lon) * Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot(east, b.lat - a.lat) * degree;
}

/** Even-odd rule over all rings, so that holes count as outside. */
export function insidePolygon(geometry: Geometry | null, lon: number, lat: number): boolean {
  if (!geometry) return false;
  if (geometry.type === 'Polygon') return insideRings(geometry.coordinates, lon, lat);
  if (geometry.type === 'MultiPolygon')
    return geometry.coordinates.some((rings) => insideRings(rings, lon, lat));
  return false;
}

function insideRings(rings: Position[][], lon: number, lat: number): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i]! as [number, number];
      const [xj, yj] = ring[j]! as [number, number];
      if (yi > lat !== yj > lat && lon < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

export function quartierAt(quartiers: readonly Quartier[], lon: number, lat: number): Quartier | null {
  return quartiers.find((q) => insidePolygon(q.boundary, lon, lat)) ?? null;
}

/** Outer rings of a boundary, for the veil that dims what lies outside the territory. */
export function outerRings(geometry: Geometry | null): Position[][] {
  if (geometry?.type === 'Polygon') return geometry.coordinates.slice(0, 1);
  if (geometry?.type === 'MultiPolygon') return geometry.coordinates.flatMap((rings) => rings.slice(0, 1));
  return [];
}
