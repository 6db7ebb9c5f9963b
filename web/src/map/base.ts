/**
 * The layers of the base map: those of `@versatiles/style`, which knows the Shortbread schema (what is drawn over what,
 * tunnels, bridges, links), in the inks, widths and sizes of our palette. A layer without a class is left out.
 */
import { osm } from '@versatiles/style';
import { BOLD, REGULAR, SOURCES } from './ids';
import { patternId } from './patterns';
import {
  area,
  classOf,
  palette,
  sizeOf,
  widthOf,
  type AreaClass,
  type LineClass,
  type Shade,
  type TextClass,
} from './palette';

/** A layer of a style, as far as we look into it. */
export interface Layer {
  id: string;
  type: string;
  source?: string;
  'source-layer'?: string;
  filter?: unknown;
  minzoom?: number;
  maxzoom?: number;
  layout?: Record<string, unknown>;
  paint?: Record<string, unknown>;
}

/** The layers of the base map, the lowest first; labels come last, from `firstLabel` on. */
export function baseLayers(shade: Shade, language: string): Layer[] {
  const { layers } = osm({
    projection: 'mercator',
    sky: false,
    text: { language: language as 'fr' },
    layers: { icons: false, pois: false, markings: false, transit: { stops: false } },
    urls: { osm: { tilejson: '3.0.0', tiles: ['/'], vector_layers: [] } },
  });
  const drawn = (layers as Layer[]).flatMap((layer) => recolour(layer, shade) ?? []);
  const first = drawn.findIndex((layer) => layer.type === 'symbol');
  const labels = drawn.slice(first);
  return [
    { id: 'land', type: 'background', paint: { 'background-color': area('land')[shade].fill } },
    ...drawn.slice(0, first),
    ...unknownLabels(labels, shade, language),
    ...labels,
  ];
}

/** A layer of VersaTiles in our inks, or null when our map does not show it. */
function recolour(layer: Layer, shade: Shade): Layer | null {
  const name = layer['source-layer'];
  // Shadows of buildings and tints of cycle streets: our map is quieter.
  if (!name || layer.id === 'building:outline' || layer.id.endsWith('-bicycle')) return null;
  const bare = { id: layer.id, type: layer.type, source: SOURCES.base, 'source-layer': name };
  const kept = layer.filter === undefined ? bare : { ...bare, filter: layer.filter };
  const kinds = (by = 'kind') => [...new Set(valuesOf(layer.filter, by))];
  if (layer.type === 'fill') {
    const found = classOf(palette.area, name, kinds());
    return found && { ...kept, ...zooms(found, layer), paint: areaPaint(found, shade) };
  }
  const group = layer.type === 'line' ? palette.line : palette.text;
  const by = Object.values<TextClass | LineClass>(group).find((c) => c.layer === name)?.by;
  if (layer.type === 'line') {
    const found = classOf(palette.line, name, kinds(by));
    return found && recolourLine(kept, layer, found, shade);
  }
  const found = classOf(palette.text, name, kinds(by));
  return found && { ...kept, ...zooms(found, layer), ...label(found, shade, layer.layout ?? {}) };
}

/** Links and sidings are thinner than the road or railway they belong to, and come later. */
const MINOR = /-link|rail-service/;

function recolourLine(kept: Layer, layer: Layer, c: LineClass, shade: Shade): Layer | null {
  const { fill, edge, dash, opacity = 1 } = c[shade];
  const isEdge = layer.id.includes(':outline');
  if (isEdge && (!edge || c.casing === undefined)) return null;
  const minor = MINOR.test(layer.id);
  const from = zooms(c, layer, minor);
  if (!isEdge && c.cut !== undefined) from.minzoom = Math.max(c.cut, from.minzoom ?? 0);
  const seen = layer.id.startsWith('tunnel') ? opacity * 0.45 : opacity;
  return {
    ...kept,
    ...from,
    layout: { 'line-join': 'round', 'line-cap': dash ? 'butt' : (layer.layout?.['line-cap'] ?? 'round') },
    paint: {
      'line-color': isEdge ? edge : fill,
      'line-width': widthOf(c, isEdge ? c.casing : 0, minor ? 0.65 : 1),
      ...(dash && !isEdge ? { 'line-dasharray': dash } : {}),
      ...(seen < 1 ? { 'line-opacity': seen } : {}),
    },
  };
}

export function areaPaint(c: AreaClass, shade: Shade): Record<string, unknown> {
  const { fill, edge, pattern, opacity } = c[shade];
  return {
    'fill-color': fill,
    ...(edge && !pattern ? { 'fill-outline-color': edge } : {}),
    ...(pattern && edge ? { 'fill-pattern': patternId(pattern, fill, edge) } : {}),
    ...(opacity === undefined ? {} : { 'fill-opacity': opacity }),
  };
}

/** Text of a class: what VersaTiles decides (which name, along what, in which order) with our letters. */
export function label(c: TextClass, shade: Shade, given: Record<string, unknown>) {
  const { ink, halo } = c[shade];
  const keep = Object.fromEntries(
    ['symbol-placement', 'symbol-sort-key', 'text-field'].flatMap((key) =>
      key in given ? [[key, given[key]]] : [],
    ),
  );
  return {
    layout: {
      ...keep,
      ...(c.field ? { 'text-field': ['get', c.field] } : {}),
      'text-font': c.weight === 700 ? BOLD : REGULAR,
      'text-size': sizeOf(c),
      'text-max-width': 8,
      'text-padding': c.along ? 6 : 3,
      ...(c.along ? { 'symbol-placement': 'line', 'symbol-spacing': 320, 'text-max-angle': 38 } : {}),
    },
    paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.5 },
  };
}

/** Kinds that the palette labels and VersaTiles does not (lanes, hamlets of one house): below all its labels. */
function unknownLabels(labels: Layer[], shade: Shade, language: string): Layer[] {
  const known = new Set(
    labels.flatMap((l) => valuesOf(l.filter, 'kind').map((k) => `${l['source-layer']}/${k}`)),
  );
  const reached = new Set(labels.map((l) => l['source-layer']));
  return Object.entries(palette.text).flatMap(([name, c]) => {
    const kinds = (c.kinds ?? []).filter((kind) => !known.has(`${c.layer}/${kind}`));
    if (c.by || kinds.length === 0 || !reached.has(c.layer)) return [];
    const layer = { id: `label-${name}-too`, type: 'symbol', source: SOURCES.base, 'source-layer': c.layer };
    const filter = ['in', ['get', 'kind'], ['literal', kinds]];
    return [{ ...layer, filter, ...zooms(c, {}), ...label(c, shade, { 'text-field': nameIn(language) }) }];
  });
}

const nameIn = (language: string) => ['coalesce', ['get', `name_${language}`], ['get', 'name']];

function zooms(
  c: { minzoom?: number; maxzoom?: number },
  layer: { minzoom?: number },
  later = false,
): { minzoom?: number; maxzoom?: number } {
  const from = later ? Math.max(c.minzoom ?? 0, layer.minzoom ?? 0) : (c.minzoom ?? layer.minzoom);
  return { ...(from ? { minzoom: from } : {}), ...(c.maxzoom ? { maxzoom: c.maxzoom } : {}) };
}

/** Every value that a filter compares an attribute with, as text; not those it excludes. */
export function valuesOf(filter: unknown, attribute: string): string[] {
  if (!Array.isArray(filter)) return [];
  const [operator, left, right] = filter as unknown[];
  const about = Array.isArray(left) && left[0] === 'get' && left[1] === attribute;
  if (about && operator === '==') return [String(right)];
  if (about && operator === 'in' && Array.isArray(right)) return (right[1] as unknown[]).map(String);
  return about ? [] : filter.slice(1).flatMap((part) => valuesOf(part, attribute));
}
