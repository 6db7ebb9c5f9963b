/** Puts points that would lie on one another together, for a map that has no cluster tiles. */
import type { ActorFeature, BBox } from '../lib/types';

export interface Heap {
  /** The actors' features, one each when the heap is one actor. */
  features: ActorFeature[];
  lon: number;
  lat: number;
  bbox: BBox;
}

/** Each point joins the first heap that stands less than `size` pixels away, so that no two heaps lie on one another. */
export function gather(
  features: readonly ActorFeature[],
  size: number,
  project: (lon: number, lat: number) => { x: number; y: number },
): Heap[] {
  const heaps: (Heap & { x: number; y: number })[] = [];
  for (const feature of features) {
    const at = feature.geometry?.coordinates;
    if (!at) continue;
    const [lon, lat] = at as [number, number];
    const { x, y } = project(lon, lat);
    const near = heaps.find((heap) => Math.hypot(heap.x - x, heap.y - y) < size);
    if (!near) {
      heaps.push({ features: [feature], lon, lat, bbox: [lon, lat, lon, lat], x, y });
      continue;
    }
    near.features.push(feature);
    const [w, s, e, n] = near.bbox;
    near.bbox = [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)];
  }
  return heaps;
}
