/** What a device holds of a territory to go on without network: actors and addresses in IndexedDB, base map and lists in the browser's cache. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Actor, BBox, Territory } from '../lib/types';

/** A street, place or municipality with its house numbers: [number, longitude, latitude]. */
export interface ListedAddress {
  type: 'street' | 'locality' | 'municipality' | 'poi';
  name: string;
  postcode: string | null;
  city: string | null;
  citycode: string | null;
  lon: number;
  lat: number;
  numbers: [string, number, number][];
}
export interface Pack {
  slug: string;
  name: string;
  /** Milliseconds since 1970 when it was taken. */
  at: number;
  epoch: number;
  head: number;
  actors: Actor[];
  addresses: ListedAddress[];
  /** Tiles of the base map, and everything together in bytes, as far as the browser tells. */
  tiles: number;
  bytes: number;
}

interface Schema extends DBSchema {
  packs: { key: string; value: Pack };
}

let database: Promise<IDBPDatabase<Schema>> | null = null;
function packs(): Promise<IDBPDatabase<Schema>> {
  database ??= openDB<Schema>('bouillon-packs', 1, {
    upgrade: (db) => void db.createObjectStore('packs', { keyPath: 'slug' }),
  });
  return database;
}

export const cacheOf = (slug: string) => `pack-${slug}`;
export const packOf = async (slug: string): Promise<Pack | undefined> => (await packs()).get('packs', slug);
export const everyPack = async (): Promise<Pack[]> => (await packs()).getAll('packs');
export const keepPack = async (pack: Pack): Promise<void> => void (await (await packs()).put('packs', pack));

export async function forgetPack(slug: string): Promise<void> {
  await (await packs()).delete('packs', slug);
  await caches.delete(cacheOf(slug));
}

/** Tiles that one territory may need at most; a larger one is refused before anything is asked. */
export const TILES_MAX = 4000;

export interface TileAddress {
  z: number;
  x: number;
  y: number;
}

/** Every tile of a box from one zoom to another, or none when there are too many. */
export function tilesOf(box: BBox, minzoom: number, maxzoom: number): TileAddress[] | null {
  const tiles: TileAddress[] = [];
  for (let z = minzoom; z <= maxzoom; z++) {
    const [west, north] = column(box[0], box[3], z);
    const [east, south] = column(box[2], box[1], z);
    if (tiles.length + (east - west + 1) * (south - north + 1) > TILES_MAX) return null;
    for (let x = west; x <= east; x++) for (let y = north; y <= south; y++) tiles.push({ z, x, y });
  }
  return tiles;
}

function column(lon: number, lat: number, z: number): [number, number] {
  const side = 2 ** z;
  const inside = (v: number) => Math.min(side - 1, Math.max(0, Math.floor(v * side)));
  const [x, y] = project(lon, lat);
  return [inside(x), inside(y)];
}

/** Web Mercator, 0 to 1 from the north-west corner. */
export function project(lon: number, lat: number): [number, number] {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** Addresses of the base map's tiles around a territory, as the map asks for them. */
export function baseTiles(territory: Pick<Territory, 'basemap' | 'bbox'>): string[] | null {
  const { basemap, bbox } = territory;
  if (!basemap) return [];
  const box: BBox = [
    Math.max(bbox[0], basemap.bounds[0]),
    Math.max(bbox[1], basemap.bounds[1]),
    Math.min(bbox[2], basemap.bounds[2]),
    Math.min(bbox[3], basemap.bounds[3]),
  ];
  const archive = encodeURIComponent(basemap.archive);
  const version = encodeURIComponent(basemap.version);
  const tiles = tilesOf(box, basemap.minzoom, basemap.maxzoom);
  return tiles?.map(({ z, x, y }) => `/tiles/base/${archive}/${z}/${x}/${y}.mvt?v=${version}`) ?? null;
}
