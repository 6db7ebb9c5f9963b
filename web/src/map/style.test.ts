import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { describe, expect, it } from 'vitest';
import type { Territory } from '../lib/types';
import { baseLayers, valuesOf } from './base';
import { uncovered } from './options';
import { labelPoint } from './outline';
import { palette, SHADES, type AreaClass, type LineClass, type Shade, type TextClass } from './palette';
import { buildStyle, repaint, type Style } from './style';

type AnyClass = AreaClass | LineClass | TextClass;
const square = (w: number, s: number, size: number) => ({
  type: 'Polygon' as const,
  coordinates: [
    [
      [w, s],
      [w + size, s],
      [w + size, s + size],
      [w, s + size],
      [w, s],
    ],
  ],
});
const town: Territory = {
  slug: 'bourg',
  name: 'Le Bourg',
  kind: 'commune',
  code: null,
  population: 1200,
  bbox: [-2, 47, -1, 48],
  center: [-1.5, 47.5],
  actors: 3,
  to_check: 0,
  counts: {},
  candidates: 0,
  basemap: { archive: 'bourg', version: 'a1', minzoom: 0, maxzoom: 14, bounds: [-2, 47, -1, 48] },
  boundary: square(-2, 47, 1),
  quartiers: [
    {
      slug: 'port',
      name: 'Le Port',
      kind: 'quartier',
      bbox: [-2, 47, -1.9, 47.1],
      boundary: square(-2, 47, 0.1),
      actors: 1,
    },
  ],
};
const HERE = 'https://carte.example';
const file = [{ url: `${HERE}/a.woff2`, 'unicode-range': ['U+0-FF'] }];
const dressed = (shade: Shade, territory = town, language = 'fr'): Style =>
  buildStyle({
    territory,
    actorTiles: `${HERE}/tiles/actors/bourg/{z}/{x}/{y}.mvt`,
    origin: HERE,
    fonts: { regular: file, bold: file },
    shade,
    language,
  });

describe.each(SHADES)('the %s style', (shade) => {
  it('is valid, with a base map and without', () => {
    for (const territory of [town, { ...town, basemap: null }, { ...town, boundary: null, quartiers: [] }]) {
      const faults = validateStyleMin(dressed(shade, territory) as never);
      expect(faults.map((fault) => fault.message)).toEqual([]);
    }
  });

  it('asks nobody else for anything', () => {
    const addresses = JSON.stringify(dressed(shade)).match(/[a-z]+:\/\/[^"]*/g) ?? [];
    expect(addresses.length).toBeGreaterThan(3);
    expect(addresses.filter((address) => !address.startsWith(`${HERE}/`))).toEqual([]);
    expect(Object.keys(dressed(shade))).not.toContain('glyphs');
    expect(Object.keys(dressed(shade))).not.toContain('sprite');
  });

  it('draws every class of the palette, in its inks and in no other', () => {
    const { layers } = dressed(shade, { ...town, basemap: null });
    const all = JSON.stringify([...layers, ...dressed(shade).layers]).toUpperCase();
    const inks = Object.values(palette).flatMap((group) =>
      Object.values<AnyClass>(group).flatMap((c) =>
        Object.values(c[shade]).filter((v) => /^#/.test(String(v))),
      ),
    );
    expect(inks.filter((ink) => !all.includes(String(ink).toUpperCase()))).toEqual([]);
    const drawn = baseLayers(shade, 'fr').flatMap(({ paint = {}, type }) => {
      const color = paint[`${type}-color`] ?? paint['text-color'];
      return (JSON.stringify(color).match(/#[0-9A-F]+/gi) ?? ['none']).filter(
        (value) => !inks.includes(value),
      );
    });
    expect(drawn).toEqual([]);
  });
});

describe('the base map', () => {
  const layers = baseLayers('light', 'fr');

  it('reaches every kind of the palette', () => {
    const reached = new Set(
      layers.flatMap((l) => {
        const values = ['kind', 'admin_level', 'leisure'].flatMap((by) => valuesOf(l.filter, by));
        return (values.length ? values : ['*']).map((v) => `${l['source-layer'] ?? l.type}/${v}`);
      }),
    );
    const wanted = Object.values(palette).flatMap((group) =>
      Object.values<AnyClass>(group)
        .filter((c) => !['territory', 'actors'].includes(c.layer))
        .flatMap((c) => (c.kinds ?? ['*']).map((kind) => `${c.layer}/${kind}`)),
    );
    const missing = wanted.filter((kind) => !reached.has(kind));
    // Water labels are cut by area and not by kind.
    expect(missing.filter((kind) => kind !== 'water_polygons_labels/*')).toEqual([]);
    expect(layers.some((l) => l['source-layer'] === 'water_polygons_labels')).toBe(true);
  });

  it('writes names in the language of the page, French ones first in French', () => {
    const fields = (language: string) =>
      baseLayers('light', language).flatMap((l) => JSON.stringify(l.layout?.['text-field'] ?? null));
    const named = (list: string[]) => list.filter((field) => field.includes('"name"'));
    expect(named(fields('fr')).length).toBeGreaterThan(20);
    expect(
      named(fields('fr')).every((f) =>
        /^\["coalesce",\["get","name_fr"\],\["get","name"\](,\["get","ref"\])?\]$/.test(f),
      ),
    ).toBe(true);
    expect(
      named(fields('en')).every((f) => f.startsWith('["coalesce",["get","name_en"],["get","name"]')),
    ).toBe(true);
  });

  it('puts larger roads over smaller ones, bridges over roads, and labels over all', () => {
    const at = (id: string) => {
      const found = layers.findIndex((l) => l.id === id);
      expect(found, id).toBeGreaterThan(0);
      return found;
    };
    expect(at('street-primary')).toBeGreaterThan(at('street-minor'));
    expect(at('bridge-street-minor')).toBeGreaterThan(at('street-motorway'));
    expect(at('street-minor')).toBeGreaterThan(at('water-area'));
    expect(at('label-address-housenumber')).toBeGreaterThan(at('bridge-street-motorway'));
    expect(layers.find((l) => l.id === 'label-address-housenumber')?.minzoom).toBe(17);
  });
});

it('a quartier is named once, a territory without a base map by itself', () => {
  const names = (style: Style) =>
    (
      style.sources.nameplates as { data: { features: { properties: { name: string } }[] } }
    ).data.features.map((f) => f.properties.name);
  expect(names(dressed('light'))).toEqual(['Le Port']);
  const places = dressed('light').layers.filter((l) => l['source-layer'] === 'place_labels');
  expect(places.length).toBeGreaterThan(4);
  expect(places.every((l) => JSON.stringify(l.filter).includes('["literal",["Le Port"]]'))).toBe(true);
  const bare = dressed('light', { ...town, basemap: null });
  expect(names(bare)).toEqual(['Le Bourg', 'Le Port']);
  expect(bare.layers.map((l) => l.id)).toContain('territory-name');
  expect(bare.layers.some((l) => l.source === 'base')).toBe(false);
});

it('changing the style changes inks, and comes back to where it was', () => {
  const [light, dark] = [dressed('light'), dressed('dark')];
  expect(light.layers.map((l) => l.id)).toEqual(dressed('impression').layers.map((l) => l.id));
  const away = repaint(light, dark);
  expect(away.paint).toContainEqual(['land', 'background-color', palette.area.land!.dark.fill]);
  expect(repaint(light, light)).toEqual({ paint: [], layout: [] });
  const paper = repaint(light, dressed('impression'));
  const back = repaint(dressed('impression'), light);
  expect(paper.paint).toContainEqual([
    'land-forest',
    'fill-pattern',
    expect.stringMatching(/^pattern:trees:/),
  ]);
  expect(back.paint).toContainEqual(['land-forest', 'fill-pattern', undefined]);
});

it('a name lies inside its shape, even in a crescent', () => {
  expect(labelPoint(square(0, 0, 2))).toEqual([1, 1]);
  const crescent = [
    [0, 0],
    [10, 0],
    [10, 1],
    [3, 1],
    [3, 9],
    [10, 9],
    [10, 10],
    [0, 10],
    [0, 0],
  ];
  expect(labelPoint({ type: 'Polygon', coordinates: [crescent] })).toEqual([1.5, 5]);
  expect(labelPoint(null)).toBeNull();
});

it('on a phone a chosen marker stands between the search and the sheet', () => {
  expect(uncovered({ x: 200, y: 260 }, 390, 776)).toBeNull();
  expect(uncovered({ x: 200, y: 500 }, 390, 776)![1]).toBeGreaterThan(150);
  expect(uncovered({ x: 200, y: 90 }, 390, 776)![1]).toBeLessThan(-100);
  expect(uncovered({ x: 200, y: 500 }, 1280, 800)).toBeNull();
});
