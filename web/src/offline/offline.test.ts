import { describe, expect, it } from 'vitest';
import type { Actor } from '../lib/types';
import { answer } from './answers';
import { baseTiles, tilesOf, type Pack } from './pack';
import { drawn } from './tiles';

function actor(id: string, name: string, category: string, lon: number, lat: number): Actor {
  return {
    id,
    territory: 'bourg',
    state: 'to_check',
    fields: { name, primary_category: category },
    versions: {},
    version: [1, 1],
    provenance: {},
    places: [{ id: 'p1', lon, lat, precision: 'exact', address: null }],
    territories: ['bourg'],
    source: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    url: `/bourg/acteurs/${id}`,
  };
}
const pack: Pack = {
  slug: 'bourg',
  name: 'Bourg',
  at: 0,
  epoch: 1,
  head: 9,
  actors: [
    actor('a', 'Café réparation', 'REE.repair', 2.001, 48.001),
    actor('b', 'Fanfare', 'CUL', 2.002, 48.002),
    actor('c', 'École de musique', 'CUL', 2.2, 48.2),
  ],
  addresses: [
    {
      type: 'street',
      name: 'Rue des Lilas',
      postcode: '01000',
      city: 'Bourg',
      citycode: '01053',
      lon: 2,
      lat: 48,
      numbers: [['12bis', 2.01, 48.01]],
    },
  ],
  tiles: 0,
  bytes: 0,
};
const ask = (path: string) => answer(new URL(path, 'http://here'), pack) as Record<string, never> | undefined;
const LIST = '/api/v1/territories/bourg/actors.geojson';
const names = (path: string) =>
  (ask(path) as unknown as { features: { properties: { name: string } }[] }).features.map(
    (f) => f.properties.name,
  );

describe('what was taken along answers as the server does', () => {
  it('lists by name, by box, by theme, by words without their accents', () => {
    expect(names(LIST)).toEqual(['Café réparation', 'École de musique', 'Fanfare']);
    expect(names(`${LIST}?bbox=1.9,47.9,2.1,48.1`)).toEqual(['Café réparation', 'Fanfare']);
    expect(names(`${LIST}?category=CUL`)).toEqual(['École de musique', 'Fanfare']);
    expect(names(`${LIST}?q=reparation`)).toEqual(['Café réparation']);
  });
  it('gives pages with a cursor that leads on', () => {
    const first = ask(`${LIST}?limit=2`) as unknown as { next: string; numberMatched: number };
    expect([first.numberMatched, names(`${LIST}?limit=2&cursor=${first.next}`)]).toEqual([3, ['Fanfare']]);
  });
  it('counts themes without the theme filter, as chips need it', () => {
    expect(ask('/api/v1/territories/bourg/counts?category=CUL')).toEqual({
      actors: 3,
      to_check: 3,
      themes: { REE: 1, CUL: 2 },
    });
  });
  it('finds a house number, and the street when it lacks the number', () => {
    const labels = (q: string) =>
      (
        ask(`/api/v1/geocode/search?territory=bourg&q=${q}`) as unknown as {
          features: { properties: { label: string } }[];
        }
      ).features.map((f) => f.properties.label);
    expect(labels('12 bis rue lil')).toEqual(['12bis Rue des Lilas 01000 Bourg']);
    expect(labels('7 lilas')).toEqual(['Rue des Lilas 01000 Bourg']);
    expect(labels('tilleuls')).toEqual([]);
  });
  it('warns of a name that is there already', () => {
    const found = ask('/api/v1/duplicates?territory=bourg&name=cafe+repara') as unknown as {
      actors: { id: string }[];
    };
    expect(found.actors.map((a) => a.id)).toEqual(['a']);
  });
  it('says nothing of another territory or of what it does not hold', () => {
    expect(ask('/api/v1/territories/ville/actors.geojson')).toBeUndefined();
    expect(ask('/api/v1/actors/zzz')).toBeUndefined();
    expect(ask('/api/v1/actors/a/history')).toBeUndefined();
  });
});

describe('tiles', () => {
  it('names every tile of a box, and refuses a box of too many', () => {
    expect(tilesOf([2, 48, 2.001, 48.001], 0, 2)).toHaveLength(3);
    expect(tilesOf([-5, 42, 8, 51], 0, 14)).toBeNull();
    const basemap = {
      archive: 'a b',
      version: '7',
      minzoom: 0,
      maxzoom: 0,
      bounds: [1, 47, 3, 49] as [number, number, number, number],
    };
    expect(baseTiles({ basemap, bbox: [2, 48, 2.1, 48.1] })).toEqual(['/tiles/base/a%20b/0/0/0.mvt?v=7']);
  });
  it('puts what shares a cell into a cluster with its themes', () => {
    const features = (ask(LIST) as unknown as { features: Parameters<typeof drawn>[1] }).features;
    const { actors, clusters } = drawn({ z: 0, x: 0, y: 0 }, features);
    expect(actors).toHaveLength(0);
    expect(clusters[0]!.tags).toMatchObject({
      id: '3/4/2',
      count: 3,
      REE: 1,
      CUL: 2,
      west: 2.001,
      north: 48.2,
    });
  });
});
