/** The territory's own shapes, as data for the map: outlines, where their names go, and the veil over the rest. */
import type { Geometry, Position } from 'geojson';
import { outerRings } from '../lib/geo';
import type { Quartier, Territory } from '../lib/types';

const EMPTY = { type: 'FeatureCollection', features: [] } as const;

function shapes(territory: Territory) {
  return [
    { kind: 'territory', of: territory.kind, name: territory.name, geometry: territory.boundary },
    ...territory.quartiers.map((q) => ({ kind: 'quartier', of: q.kind, name: q.name, geometry: q.boundary })),
  ];
}

export function outline(territory: Territory) {
  return {
    type: 'FeatureCollection',
    features: shapes(territory).flatMap(({ geometry, of: _of, ...properties }) =>
      geometry ? [{ type: 'Feature', geometry, properties }] : [],
    ),
  };
}

/** A quartier that was chosen, as a part of the territory with a thick edge. */
export function outlineOf(quartier: Quartier): GeoJSON.Feature {
  const geometry = quartier.boundary ?? { type: 'GeometryCollection', geometries: [] };
  return { type: 'Feature', geometry, properties: { id: quartier.slug, state: 'free', chosen: true } };
}

/**
 * One point for each name: a label of a shape would be repeated in every tile that the shape touches. Names that a base
 * map has itself, of the territory and of the communes in it, are only here where there is none.
 */
export function nameplates(territory: Territory, alone: boolean) {
  return {
    type: 'FeatureCollection',
    features: shapes(territory).flatMap(({ geometry, of, ...properties }) => {
      const at = alone || of === 'quartier' ? labelPoint(geometry) : null;
      return at ? [{ type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties }] : [];
    }),
  };
}

/** The whole world with the territory cut out; nothing when there is no boundary. */
export function veil(territory: Territory) {
  const holes = outerRings(territory.boundary);
  if (holes.length === 0) return EMPTY;
  const world = [
    [-180, -85],
    [180, -85],
    [180, 85],
    [-180, 85],
    [-180, -85],
  ];
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [world, ...holes] } };
}

/** A point inside the largest part of a shape: the middle of its widest stretch at half its height. */
export function labelPoint(geometry: Geometry | null): Position | null {
  const sized = outerRings(geometry).map((ring) => ({ ring, box: boxOf(ring) }));
  const largest = sized.sort((a, b) => b.box.area - a.box.area)[0];
  if (!largest) return null;
  const { ring, box } = largest;
  const y = (box.south + box.north) / 2;
  const crossings: number[] = [];
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i] as [number, number];
    const [xj, yj] = ring[j] as [number, number];
    if (yi > y !== yj > y) crossings.push(xi + ((y - yi) / (yj - yi)) * (xj - xi));
  }
  crossings.sort((a, b) => a - b);
  let best: [number, number] | null = null;
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const stretch: [number, number] = [crossings[i]!, crossings[i + 1]!];
    if (!best || stretch[1] - stretch[0] > best[1] - best[0]) best = stretch;
  }
  return best ? [(best[0] + best[1]) / 2, y] : null;
}

function boxOf(ring: Position[]) {
  const xs = ring.map((p) => p[0]!);
  const ys = ring.map((p) => p[1]!);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return { south, north, area: (east - west) * (north - south) };
}
