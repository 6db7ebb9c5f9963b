/** The actors' tile of the server (src/atlas/cells.rs, src/tiles/actors.rs), made on the device: 8 × 8 cells, in each nothing, one actor or a cluster. */
import { fromGeojsonVt } from '@maplibre/vt-pbf';
import type { ActorFeature } from '../lib/types';
import { project, type TileAddress } from './pack';

const EXTENT = 4096;
/** A cell is a tile of three zooms deeper. */
const CELL_ZOOMS = 3;
const SIDE = 2 ** 32;

interface Point {
  x: number;
  y: number;
  feature: ActorFeature;
}
interface Drawn {
  geometry: [number, number][];
  type: 1;
  tags: Record<string, string | number>;
}

/** A vector tile with the layers `actors` and `clusters`; empty when nothing lies in it. */
export function actorTile(tile: TileAddress, features: readonly ActorFeature[]): Uint8Array {
  const { actors, clusters } = drawn(tile, features);
  const layer = (list: Drawn[]) =>
    ({ features: list }) as unknown as Parameters<typeof fromGeojsonVt>[0][string];
  const layers: Record<string, ReturnType<typeof layer>> = {};
  if (clusters.length > 0) layers.clusters = layer(clusters);
  if (actors.length > 0) layers.actors = layer(actors);
  return fromGeojsonVt(layers, { version: 2, extent: EXTENT });
}

/** What the tile shows, before it is written. */
export function drawn(
  tile: TileAddress,
  features: readonly ActorFeature[],
): { actors: Drawn[]; clusters: Drawn[] } {
  const cells = new Map<string, Point[]>();
  for (const feature of features) {
    const at = feature.geometry?.coordinates as [number, number] | undefined;
    if (!at) continue;
    const [x, y] = project(at[0], at[1]).map((v) =>
      Math.min(SIDE - 1, Math.max(0, Math.floor(v * SIDE))),
    ) as [number, number];
    if (part(x, tile.z) !== tile.x || part(y, tile.z) !== tile.y) continue;
    const cell = `${tile.z + CELL_ZOOMS}/${part(x, tile.z + CELL_ZOOMS)}/${part(y, tile.z + CELL_ZOOMS)}`;
    const here = cells.get(cell);
    if (here) here.push({ x, y, feature });
    else cells.set(cell, [{ x, y, feature }]);
  }
  const actors: Drawn[] = [];
  const clusters: Drawn[] = [];
  for (const [cell, points] of cells) {
    if (points.length === 1) actors.push(alone(tile, points[0]!));
    else clusters.push(cluster(tile, cell, points));
  }
  return { actors, clusters };
}

/** Number of the column or row of a zoom that a grid coordinate lies in. */
function part(v: number, z: number): number {
  return Math.floor(v / 2 ** (32 - z));
}

function inside(v: number, z: number): number {
  const width = 2 ** (32 - z);
  return Math.floor(((v % width) * EXTENT) / width);
}

function alone(tile: TileAddress, { x, y, feature }: Point): Drawn {
  const { id, place, name, category, theme, state, precision } = feature.properties;
  const tags = { id, place: place ?? '', name, category, theme, state, precision: precision ?? 'exact' };
  return { type: 1, geometry: [[inside(x, tile.z), inside(y, tile.z)]], tags };
}

function cluster(tile: TileAddress, id: string, points: readonly Point[]): Drawn {
  const mean = (of: (p: Point) => number) =>
    Math.floor(points.reduce((sum, p) => sum + of(p), 0) / points.length);
  const places = points.map((p) => p.feature.geometry!.coordinates as [number, number]);
  const tags: Record<string, string | number> = {
    id,
    count: points.length,
    west: Math.min(...places.map((p) => p[0])),
    south: Math.min(...places.map((p) => p[1])),
    east: Math.max(...places.map((p) => p[0])),
    north: Math.max(...places.map((p) => p[1])),
  };
  for (const { feature } of points)
    for (const theme of new Set(feature.properties.categories.map((c) => c.split('.')[0]!)))
      tags[theme] = (Number(tags[theme]) || 0) + 1;
  const [x, y] = [mean((p) => p.x), mean((p) => p.y)];
  return { type: 1, geometry: [[inside(x, tile.z), inside(y, tile.z)]], tags };
}
