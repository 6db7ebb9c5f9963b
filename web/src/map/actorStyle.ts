/** How actors are drawn: markers, names, clusters, the selected pin. */
import { GREY, THEME_CODES } from '../parts/glyphs';
import { BOLD, LAYERS, SOURCES } from './ids';
import { sizeOf, text, type Shade } from './palette';

/** The count in a cluster lies on its white disc, whatever the style. */
const INK = '#14282C';

/**
 * Names keep clear of the disc, not of the square picture around it with its shadow and its corners: a third more
 * streets of a dense centre are named.
 */
const DISC = -6;

/** A name under a marker, from zoom 15, when it fits. */
const nameBelow = {
  'text-field': ['step', ['zoom'], '', 15, ['get', 'name']],
  'text-font': BOLD,
  'text-size': sizeOf(text('actor')),
  'text-anchor': 'top',
  // Below the picture of the marker (40 px): a name that touched it would give way to it.
  'text-offset': [0, 1.7],
  'text-max-width': 9,
  'text-optional': true,
  'text-padding': 1,
};
const nameInk = (shade: Shade) => ({
  'text-color': text('actor')[shade].ink,
  'text-halo-color': text('actor')[shade].halo,
  'text-halo-width': 1.8,
});
const marker = [
  'concat',
  'actor:',
  ['coalesce', ['get', 'theme'], ''],
  ':',
  ['case', ['==', ['get', 'state'], 'confirmed'], 'full', 'hollow'],
];
/** `cluster:size:n,n,…`: shares of the themes in twelfths, so that few images serve all clusters. */
const ring = [
  'concat',
  'cluster:',
  ['step', ['get', 'count'], '46', 10, '54', 100, '60'],
  ':',
  ...THEME_CODES.flatMap((code, i) => [
    ...(i ? [','] : []),
    ['to-string', ['round', ['/', ['*', 12, ['coalesce', ['get', code], 0]], ['max', 1, ['get', 'count']]]]],
  ]),
];
const imprecise = ['in', ['coalesce', ['get', 'precision'], 'exact'], ['literal', ['quartier', 'commune']]];

export function actorLayers(tiles: boolean, shade: Shade) {
  const mark = text('actor')[shade].ink;
  const halo = {
    type: 'circle',
    minzoom: 13,
    paint: { 'circle-radius': 32, 'circle-color': GREY, 'circle-opacity': 0.16 },
  };
  const icon = { 'icon-image': marker, 'icon-allow-overlap': true, 'icon-padding': DISC };
  return [
    ...(tiles
      ? [
          { id: LAYERS.halo, ...halo, source: SOURCES.actors, 'source-layer': 'actors', filter: imprecise },
          // Upper layers are placed first: names below the markers and clusters keep clear of them.
          {
            id: LAYERS.names,
            type: 'symbol',
            source: SOURCES.actors,
            'source-layer': 'actors',
            layout: nameBelow,
            paint: nameInk(shade),
          },
          {
            id: LAYERS.actors,
            type: 'symbol',
            source: SOURCES.actors,
            'source-layer': 'actors',
            layout: icon,
          },
          {
            id: LAYERS.clusters,
            type: 'symbol',
            source: SOURCES.actors,
            'source-layer': 'clusters',
            layout: {
              'icon-image': ring,
              'icon-allow-overlap': true,
              'icon-padding': DISC,
              'text-field': ['to-string', ['get', 'count']],
              'text-font': BOLD,
              'text-size': ['step', ['get', 'count'], 17, 100, 16, 1000, 14],
              'text-allow-overlap': true,
            },
            paint: { 'text-color': INK },
          },
        ]
      : []),
    { id: LAYERS.freshHalo, ...halo, source: SOURCES.fresh, filter: imprecise },
    {
      id: LAYERS.fresh,
      type: 'symbol',
      source: SOURCES.fresh,
      layout: { ...icon, ...nameBelow },
      paint: nameInk(shade),
    },
    {
      id: 'hover',
      type: 'circle',
      source: SOURCES.hover,
      paint: {
        'circle-radius': 20,
        'circle-color': 'rgba(0,0,0,0)',
        'circle-stroke-color': mark,
        'circle-stroke-width': 3,
      },
    },
    {
      id: LAYERS.selected,
      type: 'symbol',
      source: SOURCES.selected,
      layout: {
        'icon-image': ['concat', 'selected:', ['get', 'theme']],
        'icon-anchor': 'bottom',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        ...nameBelow,
        'text-offset': [0, 0.35],
        'text-field': ['get', 'name'],
        'text-allow-overlap': true,
      },
      paint: nameInk(shade),
    },
    {
      id: 'me',
      type: 'circle',
      source: SOURCES.me,
      paint: {
        'circle-radius': 7,
        'circle-color': '#F6BE3B',
        'circle-stroke-color': '#0A2F37',
        'circle-stroke-width': 3,
      },
    },
  ];
}
