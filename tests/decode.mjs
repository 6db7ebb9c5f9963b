// Reads vector tiles with MapLibre's own decoder and prints, per tile and layer, how many features there are. Ends with an error when a
// ring is open, too short or wound against the specification (section 4.3.4.4).
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../web/package.json', import.meta.url));
const { VectorTile } = await import(require.resolve('@mapbox/vector-tile'));
const { PbfReader, default: Pbf } = await import(require.resolve('pbf'));
const Reader = PbfReader ?? Pbf;

function area(ring) {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) sum += ring[j].x * ring[i].y - ring[i].x * ring[j].y;
  return sum / 2;
}

function check(feature, where) {
  const geometry = feature.loadGeometry();
  if (geometry.length === 0) throw new Error(`${where}: no geometry`);
  if (feature.type === 2 && geometry.some((line) => line.length < 2)) throw new Error(`${where}: a line of one point`);
  if (feature.type !== 3) return;
  geometry.forEach((ring, i) => {
    const [first, last] = [ring[0], ring[ring.length - 1]];
    if (ring.length < 4 || first.x !== last.x || first.y !== last.y) throw new Error(`${where}: ring ${i} is open or too short`);
    if (area(ring) === 0 || (i === 0 && area(ring) < 0)) throw new Error(`${where}: ring ${i} encloses ${area(ring)}`);
  });
}

const out = {};
for (const file of process.argv.slice(2)) {
  const name = basename(file, '.mvt');
  const tile = new VectorTile(new Reader(readFileSync(file)));
  out[name] = {};
  for (const [id, layer] of Object.entries(tile.layers)) {
    if (layer.version !== 2 || layer.extent !== 4096) throw new Error(`${name} ${id}: version ${layer.version}`);
    for (let i = 0; i < layer.length; i++) check(layer.feature(i), `${name} ${id} ${i}`);
    out[name][id] = layer.length;
  }
}
console.log(JSON.stringify(out));
