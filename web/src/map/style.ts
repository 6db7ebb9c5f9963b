/** The map's paint: base map, territory outline, actor layers. Plain data, no map library here. */
import { outerRings } from '../lib/geo';
import type { Territory } from '../lib/types';
import { actorLayers } from './actorStyle';
import { BOLD, INK, LAYERS, REGULAR, SOURCES } from './ids';

const PALETTE = {
  land: '#F0F0EA',
  building: '#E0DFD6',
  green: '#DCE6D2',
  wood: '#D0DEC6',
  water: '#BDD3D8',
  road: '#FFFFFF',
  roadEdge: '#D6D5CB',
  main: '#FBE9B9',
  mainEdge: '#DFC98C',
  label: '#3C4E51',
  waterLabel: '#27525E',
  petrol: '#0F4550',
};
const EMPTY = { type: 'FeatureCollection', features: [] } as const;

const MAIN = ['motorway', 'trunk', 'primary', 'secondary'];
const MIDDLE = ['tertiary', 'unclassified', 'residential', 'living_street', 'pedestrian', 'road'];
const kind = (name: string, ...more: string[]) => ['in', ['get', 'kind'], ['literal', [name, ...more]]];
const isMain = ['in', ['coalesce', ['get', 'class'], ''], ['literal', MAIN]];
const isMiddle = ['in', ['coalesce', ['get', 'class'], ''], ['literal', MIDDLE]];
/** Width in pixels by zoom: main roads, streets, then lanes and drives. */
const width = (extra: number) => [
  'interpolate',
  ['exponential', 1.5],
  ['zoom'],
  11,
  ['case', isMain, 1.4 + extra / 2, isMiddle, 0.5 + extra / 2, 0.1],
  14,
  ['case', isMain, 4.5 + extra, isMiddle, 2.8 + extra, 1.2 + extra],
  17,
  ['case', isMain, 17 + extra, isMiddle, 11 + extra, 5 + extra],
  20,
  ['case', isMain, 60 + extra, isMiddle, 46 + extra, 22 + extra],
];

export interface StyleOptions {
  territory: Territory;
  actorTiles: string | null;
  fonts: { regular: FontFile[]; bold: FontFile[] };
  dark: boolean;
}
export interface FontFile {
  url: string;
  'unicode-range': string[];
}

export function buildStyle({ territory, actorTiles, fonts, dark }: StyleOptions) {
  return {
    version: 8,
    'font-faces': { atkinson_regular: fonts.regular, atkinson_bold: fonts.bold },
    sources: {
      [SOURCES.base]: { type: 'geojson', data: territory.basemap ?? EMPTY, tolerance: 0.2 },
      outline: { type: 'geojson', data: outline(territory) },
      veil: { type: 'geojson', data: veil(territory) },
      ...(actorTiles
        ? { [SOURCES.actors]: { type: 'vector', tiles: [actorTiles], minzoom: 0, maxzoom: 20 } }
        : {}),
      [SOURCES.fresh]: { type: 'geojson', data: EMPTY },
      [SOURCES.selected]: { type: 'geojson', data: EMPTY },
      [SOURCES.hover]: { type: 'geojson', data: EMPTY },
      [SOURCES.me]: { type: 'geojson', data: EMPTY },
    },
    layers: [
      { id: 'land', type: 'background', paint: { 'background-color': PALETTE.land } },
      ...baseLayers(),
      ...outlineLayers(dark),
      ...actorLayers(actorTiles !== null),
    ],
  };
}

function baseLayers() {
  const base = { source: SOURCES.base };
  const round = { 'line-cap': 'round', 'line-join': 'round' };
  const label = (color: string) => ({
    'text-color': color,
    'text-halo-color': 'rgba(255,255,255,0.9)',
    'text-halo-width': 1.4,
  });
  return [
    { id: 'green', type: 'fill', ...base, filter: kind('green'), paint: { 'fill-color': PALETTE.green } },
    { id: 'wood', type: 'fill', ...base, filter: kind('wood'), paint: { 'fill-color': PALETTE.wood } },
    { id: 'water', type: 'fill', ...base, filter: kind('water'), paint: { 'fill-color': PALETTE.water } },
    {
      id: 'waterway',
      type: 'line',
      ...base,
      filter: kind('waterway'),
      layout: round,
      paint: {
        'line-color': PALETTE.water,
        'line-width': ['interpolate', ['exponential', 1.5], ['zoom'], 11, 1.5, 15, 5, 19, 26],
      },
    },
    {
      id: 'path',
      type: 'line',
      ...base,
      filter: kind('path'),
      minzoom: 13.5,
      paint: { 'line-color': '#D9CDB8', 'line-width': 1.6, 'line-dasharray': [3, 1.6] },
    },
    {
      id: 'rail',
      type: 'line',
      ...base,
      filter: kind('rail'),
      paint: { 'line-color': '#B9BDB8', 'line-width': ['interpolate', ['linear'], ['zoom'], 11, 1, 17, 4] },
    },
    {
      id: 'rail-ties',
      type: 'line',
      ...base,
      filter: kind('rail'),
      minzoom: 14,
      paint: { 'line-color': '#F4F4EF', 'line-width': 1.6, 'line-dasharray': [4, 4] },
    },
    {
      id: 'road-edge',
      type: 'line',
      ...base,
      filter: kind('road'),
      layout: { ...round, 'line-sort-key': ['case', isMain, 2, isMiddle, 1, 0] },
      paint: { 'line-color': ['case', isMain, PALETTE.mainEdge, PALETTE.roadEdge], 'line-width': width(2) },
    },
    {
      id: 'road',
      type: 'line',
      ...base,
      filter: kind('road'),
      layout: { ...round, 'line-sort-key': ['case', isMain, 2, isMiddle, 1, 0] },
      paint: { 'line-color': ['case', isMain, PALETTE.main, PALETTE.road], 'line-width': width(0) },
    },
    {
      id: 'building',
      type: 'fill',
      ...base,
      filter: kind('building'),
      minzoom: 13,
      paint: { 'fill-color': PALETTE.building, 'fill-outline-color': '#D3D2C7' },
    },
    {
      id: 'road-name',
      type: 'symbol',
      ...base,
      filter: ['all', kind('road', 'path'), ['has', 'name']],
      minzoom: 14,
      layout: {
        'symbol-placement': 'line',
        'text-field': ['get', 'name'],
        'text-font': REGULAR,
        'text-size': ['interpolate', ['linear'], ['zoom'], 14, ['case', isMain, 12.5, 11.5], 18, 16],
        'symbol-spacing': 320,
        'symbol-sort-key': ['case', isMain, 0, isMiddle, 1, 2],
        'text-padding': 4,
      },
      paint: label(PALETTE.label),
    },
    {
      id: 'water-name',
      type: 'symbol',
      ...base,
      filter: ['all', kind('waterway'), ['has', 'name']],
      minzoom: 12.5,
      layout: {
        'symbol-placement': 'line',
        'text-field': ['get', 'name'],
        'text-font': REGULAR,
        'text-size': 13.5,
        'text-letter-spacing': 0.04,
        'symbol-spacing': 420,
      },
      paint: label(PALETTE.waterLabel),
    },
    {
      id: 'area-name',
      type: 'symbol',
      ...base,
      filter: ['all', kind('water', 'green', 'wood'), ['has', 'name']],
      minzoom: 13.5,
      layout: { 'text-field': ['get', 'name'], 'text-font': REGULAR, 'text-size': 12.5, 'text-max-width': 7 },
      paint: label(PALETTE.waterLabel),
    },
  ];
}

function outlineLayers(dark: boolean) {
  return [
    {
      id: 'veil',
      type: 'fill',
      source: 'veil',
      paint: { 'fill-color': PALETTE.land, 'fill-opacity': 0.62 },
    },
    {
      id: LAYERS.night,
      type: 'background',
      paint: { 'background-color': INK, 'background-opacity': dark ? 0.12 : 0 },
    },
    {
      id: 'quartiers',
      type: 'line',
      source: 'outline',
      filter: ['==', ['get', 'kind'], 'quartier'],
      paint: {
        'line-color': PALETTE.petrol,
        'line-opacity': 0.4,
        'line-width': 1.2,
        'line-dasharray': [3, 3],
      },
    },
    {
      id: 'boundary',
      type: 'line',
      source: 'outline',
      filter: ['==', ['get', 'kind'], 'territory'],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': PALETTE.petrol, 'line-width': 2.4, 'line-opacity': 0.85 },
    },
    {
      id: 'quartier-names',
      type: 'symbol',
      source: 'outline',
      filter: ['==', ['get', 'kind'], 'quartier'],
      minzoom: 11.5,
      maxzoom: 15.5,
      layout: {
        'text-field': ['get', 'name'],
        'text-font': BOLD,
        'text-size': 13,
        'text-letter-spacing': 0.06,
        'text-max-width': 8,
      },
      paint: {
        'text-color': PALETTE.petrol,
        'text-halo-color': 'rgba(255,255,255,0.85)',
        'text-halo-width': 1.6,
      },
    },
  ];
}

function outline(territory: Territory) {
  const shapes = [
    { kind: 'territory', name: territory.name, geometry: territory.boundary },
    ...territory.quartiers.map((q) => ({ kind: 'quartier', name: q.name, geometry: q.boundary })),
  ];
  return {
    type: 'FeatureCollection',
    features: shapes.flatMap((s) =>
      s.geometry
        ? [{ type: 'Feature', geometry: s.geometry, properties: { kind: s.kind, name: s.name } }]
        : [],
    ),
  };
}

/** The whole world with the territory cut out; nothing when there is no boundary. */
function veil(territory: Territory) {
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
