import { test } from 'vitest';
import { baseLayers, valuesOf } from './base';
import { palette } from './palette';
import { osm } from '@versatiles/style';
test('x', () => {
  const l = baseLayers('light', 'fr');
  console.log(
    l.length,
    l
      .filter((x) => x.type === 'symbol')
      .map((x) => x.id)
      .join(' '),
  );
  const ids = new Set(l.map((x) => x.id));
  const all = osm({ layers: { icons: false, pois: false, markings: false, transit: { stops: false } } })
    .layers as any[];
  console.log(
    'dropped',
    all
      .filter((x) => !ids.has(x.id))
      .map((x) => x.id)
      .join(' '),
  );
  const seen = new Set(
    l.flatMap((x) =>
      (valuesOf(x.filter, 'kind').length ? valuesOf(x.filter, 'kind') : ['*']).map(
        (k) => x['source-layer'] + '/' + k,
      ),
    ),
  );
  for (const g of ['area', 'line', 'text'] as const)
    for (const [n, c] of Object.entries(palette[g]))
      for (const k of c.kinds ?? ['*']) if (!seen.has(c.layer + '/' + k)) console.log('unreached', g, n, k);
});
