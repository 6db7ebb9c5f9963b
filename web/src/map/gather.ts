/** Puts points that would lie on one another together, for a map that has no cluster tiles. */
import type { ActorFeature, BBox } from '../lib/types';

export interface Heap {
  /** The actors' features, one each when the heap is one actor. */
  features: ActorFeature[];
  lon: number;
  lat: number;
  bbox: BBox;
}

/** Groups by cells of `size` pixels; `project` gives pixels at the present zoom. */
export function gather(
  features: readonly ActorFeature[],
  size: number,
  project: (lon: number, lat: number) => { x: number; y: number },
): Heap[] {
  const cells = new Map<string, ActorFeature[]>();
  for (const feature of features) {
    const at = feature.geometry?.coordinates;
    if (!at) continue;
    const { x, y } = project(at[0]!, at[1]!);
    const key = `${Math.floor(x / size)}:${Math.floor(y / size)}`;
    cells.set(key, [...(cells.get(key) ?? []), feature]);
  }
  return [...cells.values()].map((inside) => {
    const lons = inside.map((f) => f.geometry!.coordinates[0]!);
    const lats = inside.map((f) => f.geometry!.coordinates[1]!);
    const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
    return {
      features: inside,
      lon: mean(lons),
      lat: mean(lats),
      bbox: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)],
    };
  });
}
