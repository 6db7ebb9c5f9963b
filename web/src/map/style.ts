/** The map's paint: base map, territory outline, actor layers. Plain data, no map library here. */
import type { Basemap, Territory } from '../lib/types';
import { actorLayers } from './actorStyle';
import { areaLayers } from './areas';
import { areaPaint, baseLayers, label, linePaint, type Layer } from './base';
import { LAYERS, SOURCES } from './ids';
import { nameplates, outline, veil } from './outline';
import { area, line, text, type Shade } from './palette';

const EMPTY = { type: 'FeatureCollection', features: [] } as const;

export interface StyleOptions {
  territory: Territory;
  actorTiles: string | null;
  /** Where the tiles are: the address of this site. */
  origin: string;
  fonts: { regular: FontFile[]; bold: FontFile[] };
  shade: Shade;
  language: string;
}
export interface FontFile {
  url: string;
  'unicode-range': string[];
}
export interface Style {
  version: 8;
  'font-faces': Record<string, FontFile[]>;
  sources: Record<string, unknown>;
  layers: Layer[];
}

export function buildStyle({ territory, actorTiles, origin, fonts, shade, language }: StyleOptions): Style {
  const base = territory.basemap;
  // Without tiles there is still land, the outline and the names of the territory and its quartiers.
  const layers = baseLayers(shade, language).filter((layer) => base !== null || layer.type === 'background');
  const grounds = layers.filter((layer) => layer.type !== 'symbol');
  const labels = layers.filter((layer) => layer.type === 'symbol');
  return {
    version: 8,
    'font-faces': { atkinson_regular: fonts.regular, atkinson_bold: fonts.bold },
    sources: {
      ...(base ? { [SOURCES.base]: tiles(base, origin) } : {}),
      outline: { type: 'geojson', data: outline(territory) },
      nameplates: { type: 'geojson', data: nameplates(territory, base === null) },
      veil: { type: 'geojson', data: veil(territory) },
      ...(actorTiles
        ? { [SOURCES.actors]: { type: 'vector', tiles: [actorTiles], minzoom: 0, maxzoom: 20 } }
        : {}),
      [SOURCES.areas]: { type: 'geojson', data: EMPTY },
      [SOURCES.fresh]: { type: 'geojson', data: EMPTY },
      [SOURCES.selected]: { type: 'geojson', data: EMPTY },
      [SOURCES.hover]: { type: 'geojson', data: EMPTY },
      [SOURCES.me]: { type: 'geojson', data: EMPTY },
    },
    layers: [
      ...grounds,
      ...outlineLayers(shade),
      ...areaLayers(shade),
      ...labels.map((layer) => withoutTwins(layer, territory)),
      ...nameLayers(shade, base === null),
      ...(actorLayers(actorTiles !== null, shade) as Layer[]),
    ],
  };
}

function tiles({ archive, version, minzoom, maxzoom, bounds }: Basemap, origin: string) {
  const address = `${origin}/tiles/base/${encodeURIComponent(archive)}/{z}/{x}/{y}.mvt`;
  return { type: 'vector', tiles: [`${address}?v=${encodeURIComponent(version)}`], minzoom, maxzoom, bounds };
}

/** A quartier is named once, by our own label; a commune inside a country by the base map, where its town is. */
function withoutTwins(layer: Layer, territory: Territory): Layer {
  const names = territory.quartiers.filter((q) => q.kind === 'quartier').map((q) => q.name);
  if (layer['source-layer'] !== 'place_labels' || names.length === 0) return layer;
  const others = ['!', ['in', ['get', 'name'], ['literal', names]]];
  return { ...layer, filter: layer.filter ? ['all', layer.filter, others] : others };
}

function outlineLayers(shade: Shade): Layer[] {
  return [
    { id: 'veil', type: 'fill', source: 'veil', paint: areaPaint(area('outside'), shade) },
    ...(['quartier', 'territory'] as const).map((kind) => {
      const c = line(kind);
      return {
        id: LAYERS[kind],
        type: 'line',
        source: 'outline',
        filter: ['==', ['get', 'kind'], kind],
        ...(c.minzoom ? { minzoom: c.minzoom } : {}),
        layout: { 'line-join': 'round' },
        paint: linePaint(c, shade),
      };
    }),
  ];
}

/** The territory's name is on the base map already, where there is one. */
function nameLayers(shade: Shade, alone: boolean): Layer[] {
  return (alone ? (['quartier', 'territory'] as const) : (['quartier'] as const)).map((kind) => {
    const c = text(kind);
    return {
      id: `${kind}-name`,
      type: 'symbol',
      source: 'nameplates',
      filter: ['==', ['get', 'kind'], kind],
      ...(c.minzoom ? { minzoom: c.minzoom } : {}),
      ...(c.maxzoom ? { maxzoom: c.maxzoom } : {}),
      ...label(c, shade, { 'text-field': ['get', 'name'] }),
    };
  });
}

/** A wall is drawn at 1.44 times this, or more: no label is under 17 px there. */
const WALL_TEXT = 12;

/** The same style with no label too small for a wall, which is read from the back of a hall. */
export function legible(style: Style, least: number = WALL_TEXT): Style {
  const grown = (size: unknown): unknown => {
    if (typeof size === 'number') return Math.max(least, size);
    if (!Array.isArray(size)) return size;
    // ['interpolate', how, input, stop, value…] and ['step', input, value, stop, value…].
    const first = size[0] === 'interpolate' ? 4 : size[0] === 'step' ? 2 : size.length;
    return size.map((part, i) => (i >= first && (i - first) % 2 === 0 ? grown(part) : part));
  };
  const layers = style.layers.map((layer) =>
    layer.layout?.['text-size'] === undefined
      ? layer
      : { ...layer, layout: { ...layer.layout, 'text-size': grown(layer.layout['text-size']) } },
  );
  return { ...style, layers };
}

type Changes = [layer: string, property: string, value: unknown][];

/** What must change so that a map drawn in one style is drawn in another: their layers are the same, their paint not. */
export function repaint(from: Style, to: Style): { paint: Changes; layout: Changes } {
  const before = new Map(from.layers.map((layer) => [layer.id, layer]));
  const changes = (part: 'paint' | 'layout') =>
    to.layers.flatMap((layer) => {
      const old = before.get(layer.id)?.[part] ?? {};
      const now = layer[part] ?? {};
      return [...new Set([...Object.keys(old), ...Object.keys(now)])]
        .filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
        .map((key) => [layer.id, key, now[key]] as Changes[number]);
    });
  return { paint: changes('paint'), layout: changes('layout') };
}
