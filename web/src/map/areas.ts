/** Parts of a territory that people share out: who looks where, drawn under the names and the actors. */
import type { Layer } from './base';
import { LAYERS, REGULAR, SOURCES } from './ids';
import { text, type Shade } from './palette';
import { patternId } from './patterns';

const BROTH = '#F6BE3B';

/** Free: only an edge. Taken: broth. Looked at: the ink of what is settled; with nothing found there: grey. */
export function areaLayers(shade: Shade): Layer[] {
  const { ink, halo } = text('actor')[shade];
  const settled = shade === 'dark' ? '#8FD3DE' : '#0F4550';
  const state = ['get', 'state'];
  const fill = ['match', state, 'claimed', BROTH, 'done', settled, 'nothing', '#6F7D80', ink];
  const chosen = ['boolean', ['get', 'chosen'], false];
  return [
    {
      id: LAYERS.areas,
      type: 'fill',
      source: SOURCES.areas,
      paint: {
        'fill-color': fill,
        'fill-opacity': ['match', state, 'claimed', 0.34, 'done', 0.26, 'nothing', 0.12, 0],
      },
    },
    {
      // Seen and empty differ without their colours too.
      id: 'areas-nothing',
      type: 'fill',
      source: SOURCES.areas,
      filter: ['==', state, 'nothing'],
      paint: { 'fill-pattern': patternId('hatch', 'rgba(111,125,128,0)', 'rgba(82,96,99,0.8)') },
    },
    {
      id: 'areas-edge',
      type: 'line',
      source: SOURCES.areas,
      layout: { 'line-join': 'round' },
      paint: {
        'line-color': ink,
        'line-opacity': ['case', chosen, 1, 0.45],
        'line-width': ['case', chosen, 3.5, 1.2],
      },
    },
    {
      id: 'areas-name',
      type: 'symbol',
      source: SOURCES.areas,
      layout: {
        'text-field': ['coalesce', ['get', 'label'], ''],
        'text-font': REGULAR,
        'text-size': 12.5,
        'text-max-width': 8,
      },
      paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.6 },
    },
  ] as Layer[];
}
