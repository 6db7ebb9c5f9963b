import { describe, expect, it } from 'vitest';
import type { ActorFeature } from '../lib/types';
import { gather } from './gather';

const at = (id: string, lon: number, lat: number) =>
  ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: { id },
  }) as ActorFeature;
/** One degree is a hundred pixels. */
const project = (lon: number, lat: number) => ({ x: lon * 100, y: -lat * 100 });

describe('heaps of a simple map', () => {
  it('hold every point once, and stand apart', () => {
    const points = Array.from({ length: 200 }, (_, i) => at(`${i}`, (i * 37) % 9.1, (i * 53) % 7.3));
    const heaps = gather(points, 58, project);
    const ids = heaps.flatMap((heap) => heap.features.map((f) => f.properties.id));
    expect(ids.sort()).toEqual(points.map((p) => p.properties.id).sort());
    for (const a of heaps)
      for (const b of heaps)
        if (a !== b) expect(Math.hypot(a.lon - b.lon, a.lat - b.lat) * 100).toBeGreaterThanOrEqual(58);
  });
  it('know the box of what is in them, and leave out what has no place', () => {
    const without = { ...at('x', 0, 0), geometry: null } as ActorFeature;
    const [heap, ...rest] = gather([at('a', 1, 1), at('b', 1.2, 0.9), without], 58, project);
    expect(rest).toEqual([]);
    expect(heap?.bbox).toEqual([1, 0.9, 1.2, 1]);
  });
});
