// Prints [processor seconds to build the counts, encoded tiles per processor second] of supercluster.js with vt-pbf for points and tiles of files.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, points, list] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const Supercluster = (await import(pathToFileURL(require.resolve('supercluster')))).default;
const { fromGeojsonVt } = (await import(pathToFileURL(require.resolve('vt-pbf')))).default;

const bytes = readFileSync(points);
const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
const features = [];
for (let i = 0; i < numbers.length; i += 2)
  features.push({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [numbers[i], numbers[i + 1]] } });
const seconds = (from) => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
};

let from = process.cpuUsage();
const index = new Supercluster({ radius: 64, extent: 512, maxZoom: 16 }).load(features);
const build = seconds(from);

const tiles = JSON.parse(readFileSync(list));
const encode = ([z, x, y]) => {
  const tile = index.getTile(z, x, y);
  return tile ? fromGeojsonVt({ actors: tile }, { version: 2, extent: 512 }).length : 0;
};
tiles.forEach(encode);
from = process.cpuUsage();
let done = 0;
while (seconds(from) < 1.5) for (const tile of tiles) done += encode(tile) >= 0 ? 1 : 0;
console.log(JSON.stringify([build, done / seconds(from)]));
