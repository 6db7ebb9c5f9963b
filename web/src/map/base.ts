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
  sizeAt,
  sizeOf,
  widthOf,
  type AreaClass,
  type Class,
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

/** A layer and the class of the palette that it is drawn by. */
interface Drawn {
  by: string;
  layer: Layer;
}

/** The layers of the base map, the lowest first; labels come last. */
export function baseLayers(shade: Shade, language: string): Layer[] {
  const { layers } = osm({
    projection: 'mercator',
    sky: false,
    text: { language: language as 'fr' },
    layers: { icons: false, pois: false, markings: false, transit: { stops: false } },
    urls: { osm: { tilejson: '3.0.0', tiles: ['/'], vector_layers: [] } },
  });
  const drawn = (layers as Layer[]).flatMap((layer) => recolour(layer, shade) ?? []);
  const background = { 'background-color': area('land')[shade].fill };
  return [
    { id: 'land', type: 'background', paint: background },
    ...withMissing(drawn, shade, language).flatMap(inSteps),
  ];
}

/** Zooms up to which names along lines keep one size, that of half a zoom or one before. */
const STEPS: [until: number, sized: number][] = [
  [15, 14],
  [16.5, 15.5],
];

/**
 * MapLibre leaves out a name that would be longer than its line at the size it has at zoom 18, whatever the zoom. So names
 * along lines grow by steps until then, and twice as many streets are named.
 */
function inSteps({ by, layer }: Drawn): Layer[] {
  const c = layer.type === 'symbol' ? palette.text[by] : undefined;
  if (!c?.along) return [layer];
  let from = layer.minzoom ?? 0;
  const steps = STEPS.flatMap(([until, sized]) => {
    if (from >= until) return [];
    const layout = { ...layer.layout, 'text-size': sizeAt(c, sized), 'symbol-spacing': c.every ?? EVERY };
    const step = { ...layer, id: `${layer.id}-to-${until}`, minzoom: from, maxzoom: until, layout };
    from = until;
    return [step];
  });
  return [...steps, { ...layer, minzoom: from }];
}

/** A layer of VersaTiles in our inks, or null when our map does not show it. */
function recolour(layer: Layer, shade: Shade): Drawn | null {
  const source = layer['source-layer'];
  // Shadows of buildings and tints of cycle streets: our map is quieter.
  if (!source || layer.id === 'building:outline' || layer.id.endsWith('-bicycle')) return null;
  const bare = { id: layer.id, type: layer.type, source: SOURCES.base, 'source-layer': source };
  const kept = layer.filter === undefined ? bare : { ...bare, filter: layer.filter };
  const kinds = (by = 'kind') => valuesOf(layer.filter, by);
  if (layer.type === 'fill') {
    const found = classOf(palette.area, source, kinds);
    return (
      found && {
        by: found.name,
        layer: { ...kept, ...zooms(found.c, layer), paint: areaPaint(found.c, shade) },
      }
    );
  }
  if (layer.type === 'line') {
    const found = classOf(palette.line, source, kinds);
    const line = found && recolourLine(kept, layer, found.c, shade);
    return line && { by: found.name, layer: line };
  }
  const found = classOf(palette.text, source, kinds);
  if (!found) return null;
  const { name: by, c } = found;
  const only = c.without ? { filter: ['all', layer.filter, ['!', oneOf('kind', c.without)]] } : {};
  return { by, layer: { ...kept, ...only, ...zooms(c, layer), ...label(c, shade, layer.layout ?? {}) } };
}

/** Links and sidings are thinner than the road or railway they belong to, and come later. */
const MINOR = /-link|rail-service/;

function recolourLine(kept: Layer, layer: Layer, c: LineClass, shade: Shade): Layer | null {
  const { edge, thin = edge, dash } = c[shade];
  const isEdge = layer.id.includes(':outline');
  if (isEdge && (!edge || c.casing === undefined)) return null;
  const minor = MINOR.test(layer.id);
  const from = zooms(c, layer, minor);
  if (!isEdge && c.cut !== undefined) from.minzoom = Math.max(c.cut, from.minzoom ?? 0);
  const factor = minor ? 0.65 : 1;
  const color = c.cut === undefined || thin === edge ? edge : ['step', ['zoom'], thin, c.cut, edge];
  const tunnel = layer.id.startsWith('tunnel') ? 0.45 : 1;
  return {
    ...kept,
    ...from,
    layout: { 'line-join': 'round', 'line-cap': dash ? 'butt' : (layer.layout?.['line-cap'] ?? 'round') },
    paint: isEdge
      ? { ...seen(tunnel), 'line-color': color, 'line-width': widthOf(c, c.casing, factor) }
      : linePaint(c, shade, factor, tunnel),
  };
}

const seen = (opacity: number) => (opacity < 1 ? { 'line-opacity': opacity } : {});

export function linePaint(c: LineClass, shade: Shade, factor = 1, dimmed = 1): Record<string, unknown> {
  const { fill, dash, opacity = 1 } = c[shade];
  return {
    'line-color': fill,
    'line-width': widthOf(c, 0, factor),
    ...(dash ? { 'line-dasharray': dash } : {}),
    ...seen(opacity * dimmed),
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

/** Pixels between two tries to write a name along its line. */
const EVERY = 250;

/** On its point, or beside a marker that stands there. */
const BESIDE = ['center', 'bottom', 'top', 'left', 'right'];

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
      ...(c.otherwise ? { 'text-field': [...(given['text-field'] as unknown[]), ['get', c.otherwise]] } : {}),
      'text-font': c.weight === 700 ? BOLD : REGULAR,
      'text-size': sizeOf(c),
      'text-max-width': 8,
      'text-padding': c.along ? 0 : 2,
      ...(c.dodge ? { 'text-variable-anchor': BESIDE, 'text-radial-offset': 1.6 } : {}),
      ...(c.along ? { 'symbol-placement': 'line', 'symbol-spacing': EVERY, 'text-max-angle': 45 } : {}),
    },
    // On paper the lines are darker, and a label needs more room.
    paint: {
      'text-color': ink,
      'text-halo-color': halo,
      'text-halo-width': shade === 'impression' ? 2 : 1.5,
    },
  };
}

/**
 * Adds what the palette has and VersaTiles draws not at all (names of lanes, limits of communes, stations), each just
 * under the next class of the palette.
 */
function withMissing(drawn: Drawn[], shade: Shade, language: string): Drawn[] {
  const known = new Set(
    drawn.flatMap(({ layer }) =>
      ['kind', 'admin_level', 'leisure'].flatMap((by) =>
        valuesOf(layer.filter, by).map((v) => `${layer['source-layer']}/${v}`),
      ),
    ),
  );
  const missing = (c: { layer: string; kinds?: string[] }) =>
    ['territory', 'actors'].includes(c.layer)
      ? []
      : (c.kinds ?? []).filter((kind) => !known.has(`${c.layer}/${kind}`));
  const all = [...drawn];
  const add = <T extends Class>(group: Record<string, T>, type: string, look: (c: T) => Partial<Layer>) => {
    const names = Object.keys(group).reverse();
    for (const name of names) {
      const c = group[name]!;
      const kinds = missing(c);
      if (kinds.length === 0) continue;
      const following = new Set(names.slice(0, names.indexOf(name) + 1));
      const next = all.findIndex(({ by, layer }) => layer.type === type && following.has(by));
      const filter = oneOf(c.by ?? 'kind', kinds);
      const from = { id: `${type}-${name}-too`, type, source: SOURCES.base, 'source-layer': c.layer, filter };
      all.splice(next < 0 ? all.length : next, 0, {
        by: name,
        layer: { ...from, ...zooms(c, {}), ...look(c) },
      });
    }
  };
  add(palette.area, 'fill', (c) => ({ paint: areaPaint(c, shade) }));
  add(palette.line, 'line', (c) => ({ layout: { 'line-join': 'round' }, paint: linePaint(c, shade) }));
  add(palette.text, 'symbol', (c) => label(c, shade, { 'text-field': nameIn(language) }));
  return all;
}

const oneOf = (by: string, kinds: string[]) => ['in', ['to-string', ['get', by]], ['literal', kinds]];
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
  if (!Array.isArray(filter) || filter[0] === '!') return [];
  const [operator, given, right] = filter as unknown[];
  const left = Array.isArray(given) && given[0] === 'to-string' ? (given[1] as unknown) : given;
  const about = Array.isArray(left) && left[0] === 'get' && left[1] === attribute;
  if (about && operator === '==') return [String(right)];
  if (about && operator === 'in' && Array.isArray(right)) return (right[1] as unknown[]).map(String);
  return about ? [] : filter.slice(1).flatMap((part) => valuesOf(part, attribute));
}
