/** The server's reading answers, given from what was taken along. Pure; the worker asks when the network does not answer. */
import { hides, plain, readFilters, type Filters } from '../lib/filters';
import { parseBBox } from '../lib/geo';
import { featuresOf, textOf } from '../lib/journal';
import type { Actor, ActorFeature, AddressFacts, BBox, FoundActor } from '../lib/types';
import type { ListedAddress, Pack } from './pack';

/** The answer to a GET, or nothing when the pack can't tell. */
export function answer(url: URL, pack: Pack): unknown {
  const { pathname, searchParams: asked } = url;
  const of = `/api/v1/territories/${pack.slug}/`;
  if (pathname === `${of}actors.geojson`) return list(asked, pack);
  if (pathname === `${of}counts`) return counts(asked, pack);
  if (pathname.startsWith('/api/v1/actors/')) return pack.actors.find((a) => a.id === pathname.slice(15));
  if (asked.get('territory') !== pack.slug) return undefined;
  if (pathname === '/api/v1/search') return search(asked, pack);
  if (pathname === '/api/v1/duplicates')
    return { actors: alike(asked.get('name') ?? '', pack), candidates: [] };
  if (pathname === '/api/v1/geocode/search')
    return { type: 'FeatureCollection', features: addresses(asked.get('q') ?? '', pack, 8).map(feature) };
  return undefined;
}

/** Features of the actors that pass the filters of a query, one per place. */
export function passing(asked: URLSearchParams, pack: Pack): ActorFeature[][] {
  const filters = readFilters(`?${asked}`);
  const words = plain(filters.q).split(/\s+/).filter(Boolean);
  const box = parseBBox(asked.get('bbox'));
  const wanted = pack.actors.filter((a) => says(a, words)).map(featuresOf);
  const first: Filters = { ...filters, q: '' };
  const shown = wanted.filter((f) => f[0] && !hides(first, f[0].properties));
  return shown.map((f) => (box ? f.filter((one) => within(one, box)) : f)).filter((f) => f.length > 0);
}

function says(actor: Actor, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = plain(
    ['name', 'short_name', 'summary', 'description'].map((f) => textOf(actor.fields[f])).join(' '),
  );
  return words.every((word) => text.includes(word));
}

function within(feature: ActorFeature, [w, s, e, n]: BBox): boolean {
  const at = feature.geometry?.coordinates as [number, number] | undefined;
  return at !== undefined && at[0] >= w && at[0] <= e && at[1] >= s && at[1] <= n;
}

function list(asked: URLSearchParams, pack: Pack) {
  const found = passing(asked, pack);
  found.sort(order(asked));
  const from = Number(asked.get('cursor')) || 0;
  const upto = from + (Number(asked.get('limit')) || 500);
  const page = found.slice(from, upto);
  return {
    type: 'FeatureCollection',
    features: page.flat(),
    numberMatched: found.length,
    numberReturned: page.length,
    next: upto < found.length ? String(upto) : null,
    head: [pack.epoch, pack.head],
  };
}

function order(asked: URLSearchParams): (a: ActorFeature[], b: ActorFeature[]) => number {
  const name = (f: ActorFeature[]) => f[0]!.properties.name;
  const near = (asked.get('near') ?? '').split(',').map(Number) as [number, number];
  if (asked.get('sort') === 'nearest' && near.length === 2) {
    const far = (f: ActorFeature[]) => Math.min(...f.map((one) => metres(one, near)));
    return (a, b) => far(a) - far(b);
  }
  if (asked.get('sort') === 'oldest') {
    const when = (f: ActorFeature[]) => f[0]!.properties.confirmed_on ?? '';
    return (a, b) => when(a).localeCompare(when(b));
  }
  return (a, b) => name(a).localeCompare(name(b), 'fr');
}

function metres(feature: ActorFeature, near: readonly [number, number]): number {
  const at = feature.geometry?.coordinates as [number, number] | undefined;
  return at ? distance(at, near) : Infinity;
}

function distance(a: readonly [number, number], b: readonly [number, number]): number {
  const shrink = Math.cos(((a[1] + b[1]) * Math.PI) / 360);
  return Math.hypot((a[0] - b[0]) * shrink, a[1] - b[1]) * 111_320;
}

function counts(asked: URLSearchParams, pack: Pack) {
  const themes: Record<string, number> = {};
  const without = new URLSearchParams(asked);
  without.delete('category');
  const actors = passing(without, pack);
  for (const [first] of actors)
    for (const theme of new Set(first!.properties.categories.map((c) => c.split('.')[0]!)))
      themes[theme] = (themes[theme] ?? 0) + 1;
  const to_check = actors.filter((f) => f[0]!.properties.state === 'to_check').length;
  return { actors: actors.length, to_check, themes };
}

function line(actor: Actor, score: number): FoundActor & { distance_m: null; score: number } {
  const first = featuresOf(actor)[0]!;
  const at = first.geometry?.coordinates;
  const { id, name, category, theme, street, state } = first.properties;
  return {
    id,
    name,
    category,
    theme,
    street,
    state,
    lon: at?.[0] ?? null,
    lat: at?.[1] ?? null,
    url: actor.url,
    distance_m: null,
    score,
  };
}

function search(asked: URLSearchParams, pack: Pack) {
  const q = asked.get('q') ?? '';
  const words = plain(q).split(/\s+/).filter(Boolean);
  const actors = words.length === 0 ? [] : pack.actors.filter((a) => says(a, words)).slice(0, 8);
  return {
    actors: actors.map((a) => line(a, 1)),
    addresses: addresses(q, pack, 8),
    categories: [],
    candidates: [],
  };
}

/** Actors whose name shares most of its words with the one being typed. */
function alike(name: string, pack: Pack) {
  const typed = wordsOf(name);
  if (typed.length === 0) return [];
  const scored = pack.actors.map((actor) => {
    const own = wordsOf(textOf(actor.fields.name));
    const shared = typed.filter((word) => own.some((o) => o.startsWith(word))).length;
    return { actor, score: shared / Math.max(typed.length, own.length, 1) };
  });
  const likely = scored.filter((s) => s.score >= 0.5).sort((a, b) => b.score - a.score);
  return likely.slice(0, 5).map((s) => line(s.actor, s.score));
}

function wordsOf(text: string): string[] {
  return plain(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((w) => w.length > 1);
}

interface Hit {
  lon: number;
  lat: number;
  properties: AddressFacts;
}

/** Streets and house numbers whose words begin as typed: « 12 rue des l ». */
function addresses(text: string, pack: Pack, limit: number): Hit[] {
  const number = /^\s*(\d+)\s*(bis|ter|quater)?\b/i.exec(text);
  const words = wordsOf(number ? text.slice(number[0].length) : text);
  if (words.length === 0) return [];
  const hits: Hit[] = [];
  for (const street of pack.addresses) {
    const own = wordsOf(street.name);
    if (!words.every((word) => own.some((o) => o.startsWith(word)))) continue;
    hits.push(found(street, number ? `${number[1]}${(number[2] ?? '').toLowerCase()}` : null));
    if (hits.length === 60) break;
  }
  hits.sort(
    (a, b) => b.properties.score - a.properties.score || a.properties.name.length - b.properties.name.length,
  );
  return hits.slice(0, limit);
}

function found(street: ListedAddress, number: string | null): Hit {
  const house = number ? street.numbers.find(([label]) => label === number) : undefined;
  const name = house ? `${house[0]} ${street.name}` : street.name;
  const place = [street.postcode, street.city].filter(Boolean).join(' ');
  const facts: AddressFacts = {
    label: place ? `${name} ${place}` : name,
    score: house || !number ? 0.9 : 0.7,
    type: house ? 'housenumber' : street.type,
    name,
    ...(house ? { housenumber: house[0], street: street.name } : {}),
    ...(street.postcode ? { postcode: street.postcode } : {}),
    ...(street.citycode ? { citycode: street.citycode } : {}),
    ...(street.city ? { city: street.city } : {}),
  };
  return { lon: house?.[1] ?? street.lon, lat: house?.[2] ?? street.lat, properties: facts };
}

function feature(hit: Hit) {
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [hit.lon, hit.lat] },
    properties: hit.properties,
  };
}
