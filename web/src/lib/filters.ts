/** What the list and the map show, as written in the address of the page. */
import { formatBBox, parseBBox } from './geo';
import type { ActorProperties, BBox } from './types';

export type Sort = 'name' | 'nearest' | 'oldest';
export interface Filters {
  /** Theme codes and sub-categories ("ALI", "SOL.food_aid"); none means all. */
  categories: string[];
  /** Only the actors that another person should check. */
  toCheck: boolean;
  q: string;
  /** Short address of a quartier of the territory; empty means all of it. */
  area: string;
  sort: Sort;
}

export const NO_FILTERS: Filters = { categories: [], toCheck: false, q: '', area: '', sort: 'name' };

export function readFilters(search: string): Filters {
  const params = new URLSearchParams(search);
  const sort = params.get('sort');
  return {
    categories: (params.get('category') ?? '').split(',').filter((c) => /^[A-Z]{3}(\.[a-z_]+)?$/.test(c)),
    toCheck: params.get('state') === 'to_check',
    q: params.get('q') ?? '',
    area: /^[a-z0-9][a-z0-9-]*$/.exec(params.get('area') ?? '')?.[0] ?? '',
    sort: sort === 'nearest' || sort === 'oldest' ? sort : 'name',
  };
}

/** Writes filters and view into a query, keeping the keys that belong to others (`test`, `nomap`, `lang`). */
export function writeFilters(search: string, filters: Filters, bbox: BBox | null): string {
  const params = new URLSearchParams(search);
  const set = (key: string, value: string) => (value ? params.set(key, value) : params.delete(key));
  set('category', filters.categories.join(','));
  set('state', filters.toCheck ? 'to_check' : '');
  set('q', filters.q);
  set('area', filters.area);
  set('sort', filters.sort === 'name' ? '' : filters.sort);
  set('bbox', bbox ? formatBBox(bbox) : '');
  const text = params.toString().replaceAll('%2C', ',').replaceAll('=&', '&').replace(/=$/, '');
  return text ? `?${text}` : '';
}

export function readBBox(search: string): BBox | null {
  return parseBBox(new URLSearchParams(search).get('bbox'));
}

/** The part of a query that every reading route understands. */
export function queryOf(filters: Filters): { category: string; state: string; q: string } {
  return {
    category: filters.categories.join(','),
    state: filters.toCheck ? 'to_check' : '',
    q: filters.q,
  };
}

/** Whose lists, counts and tiles to ask: a quartier is a territory of its own. */
export function askedOf(slug: string, filters: Filters): string {
  return filters.area || slug;
}

export function isFiltering(filters: Filters): boolean {
  return filters.categories.length > 0 || filters.toCheck || filters.q !== '' || filters.area !== '';
}

/** Whether the theme filter alone would hide an actor; a theme stands for its sub-categories. */
export function hides(
  filters: Filters,
  actor: Pick<ActorProperties, 'categories' | 'state' | 'name'>,
): boolean {
  if (filters.toCheck && actor.state !== 'to_check') return true;
  if (filters.q && !plain(actor.name).includes(plain(filters.q))) return true;
  if (filters.categories.length === 0) return false;
  return !actor.categories.some((c) => filters.categories.some((f) => c === f || c.startsWith(`${f}.`)));
}

/** Presses a theme chip: adds or removes the theme, and drops sub-categories that it now covers. */
export function toggleCategory(categories: readonly string[], code: string): string[] {
  if (categories.includes(code)) return categories.filter((c) => c !== code);
  const parent = code.split('.')[0]!;
  if (code === parent) return [...categories.filter((c) => !c.startsWith(`${code}.`)), code];
  return [...categories.filter((c) => c !== parent), code];
}

/** Lower case without accents, as the server compares names. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
