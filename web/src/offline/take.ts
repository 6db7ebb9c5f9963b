/** Taking a territory along, and keeping what was taken new. Runs in the page. */
import { api, request } from '../lib/api';
import type { Actor, Territory } from '../lib/types';
import { baseTiles, cacheOf, keepPack, packOf, type ListedAddress, type Pack } from './pack';

/** Tiles that are asked for at the same time. */
const AT_ONCE = 6;

/** The base map's tiles are more than a device should hold. */
export class TooLarge extends Error {}

/** Takes a territory along; `progress` goes from 0 to 1. What was there stays until the new one is whole. */
export async function takeAlong(slug: string, progress: (done: number) => void): Promise<Pack> {
  const territory = await api.territory(slug);
  const tiles = baseTiles(territory);
  if (!tiles) throw new TooLarge();
  await navigator.storage?.persist?.().catch(() => false);
  const cache = await caches.open(cacheOf(slug));
  await keepAnswers(cache, territory);
  let done = 0;
  const waiting = [...tiles];
  const work = async () => {
    for (let tile = waiting.pop(); tile; tile = waiting.pop()) {
      if (!(await cache.match(tile))) await keep(cache, tile);
      progress((done += 1) / (tiles.length + 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await forgetOthers(cache, new Set(tiles));
  const pack = await readPack(territory, tiles.length);
  progress(1);
  return pack;
}

/** Reads actors and addresses again when the last time is longer ago than this, milliseconds. */
const FRESH_FOR = 10 * 60 * 1000;

/** While there is network, what was taken along follows; nothing happens when nothing was taken. */
export async function refreshPack(slug: string): Promise<void> {
  const pack = await packOf(slug);
  if (!pack || Date.now() - pack.at < FRESH_FOR) return;
  await takeAlong(slug, () => undefined);
}

async function readPack(territory: Territory, tiles: number): Promise<Pack> {
  type Answer = { epoch: number; head: number; actors: Actor[]; addresses: ListedAddress[] };
  const answer = await request<Answer>(`/api/v1/territories/${encodeURIComponent(territory.slug)}/pack`);
  const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
  const pack: Pack = {
    slug: territory.slug,
    name: territory.name,
    at: Date.now(),
    ...answer,
    tiles,
    bytes: estimate?.usage ?? 0,
  };
  await keepPack(pack);
  return pack;
}

/** Answers that every page of a territory asks for. */
async function keepAnswers(cache: Cache, territory: Territory): Promise<void> {
  const paths = [
    `/api/v1/territories/${encodeURIComponent(territory.slug)}`,
    '/api/v1/taxonomy',
    '/api/v1/site',
  ];
  for (const path of paths) await keep(cache, path);
}

async function keep(cache: Cache, path: string): Promise<void> {
  const answer = await fetch(path, { headers: { Accept: 'application/json' } });
  // An area without anything to draw is told by an empty answer, which is kept too.
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  await cache.put(path, answer);
}

/** Tiles of an earlier version of the base map. */
async function forgetOthers(cache: Cache, wanted: Set<string>): Promise<void> {
  for (const request of await cache.keys()) {
    const url = new URL(request.url);
    if (url.pathname.startsWith('/tiles/') && !wanted.has(url.pathname + url.search))
      await cache.delete(request);
  }
}
