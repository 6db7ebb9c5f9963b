/** What a figure asks for: from the view of a map page, and back into the addresses of maps, embeds and frames. */
import type { Filters } from '../lib/filters';
import { formatBBox } from '../lib/geo';
import { paths } from '../lib/routes';
import type { BBox } from '../lib/types';
import type { FigureFields, FigureKind } from './types';

export interface View {
  filters: Filters;
  /** What the map shows; null when there is no map. */
  extent: BBox | null;
  /** The map shows all of the territory, or of the quartier: its edge chooses nothing. */
  whole: boolean;
}

/** The part of a figure's fields that says which actors it shows, and where the map looks. */
export function chosenBy(
  { filters, extent, whole }: View,
  inView = true,
): Pick<FigureFields, 'area' | 'bbox' | 'themes' | 'text' | 'state' | 'extent'> {
  const box = extent ? formatBBox(extent) : '';
  return {
    ...(filters.area ? { area: filters.area } : {}),
    ...(filters.categories.length > 0 ? { themes: filters.categories } : {}),
    ...(filters.q ? { text: filters.q } : {}),
    ...(filters.toCheck ? { state: 'to_check' as const } : {}),
    ...(box ? { extent: box } : {}),
    ...(box && !whole && inView ? { bbox: box } : {}),
  };
}

/** The filters of a figure, as a map page and its list understand them. */
export function filtersOf(fields: FigureFields): Filters {
  return {
    categories: fields.themes ?? [],
    toCheck: fields.state === 'to_check',
    q: fields.text ?? '',
    area: fields.area ?? '',
    sort: 'name',
  };
}

/** The address of the map with what a figure shows. */
export function mapOf(slug: string, fields: FigureFields): string {
  return withSearch(paths.map(slug), {
    category: fields.themes?.join(','),
    state: fields.state === 'to_check' ? 'to_check' : '',
    q: fields.text,
    area: fields.area,
    bbox: fields.bbox ?? fields.extent,
  });
}

export interface EmbedWishes {
  mode: FigureKind;
  /** Empty: the visitor's own. */
  lang: '' | 'fr' | 'en';
  /** Pixels, or the height of what is inside, told to the page by `embed.js`. */
  height: number | 'auto';
  /** Visitors see the theme chips and may change them. */
  filter: boolean;
}

/** The address of an embed of a view: its filters and, when they choose something, its edges. */
export function embedOfView(slug: string, view: View, wishes: EmbedWishes): string {
  const { filters, extent, whole } = view;
  return withSearch(paths.embed(slug), {
    mode: wishes.mode === 'map' ? '' : wishes.mode,
    category: filters.categories.join(','),
    state: filters.toCheck ? 'to_check' : '',
    q: filters.q,
    area: filters.area,
    bbox: extent && !whole ? formatBBox(extent) : '',
    ...options(wishes),
  });
}

/** The address of an embed of a figure. */
export function embedOfFigure(slug: string, id: string, wishes: EmbedWishes): string {
  return withSearch(paths.embed(slug), { figure: id, mode: wishes.mode, ...options(wishes) });
}

function options({ lang, height, filter }: EmbedWishes) {
  return {
    lang,
    filter: filter ? '1' : '',
    height: height === 'auto' ? 'auto' : '',
  };
}

function withSearch(path: string, query: Record<string, string | undefined>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  const text = params.toString().replaceAll('%2C', ',');
  return text ? `${path}?${text}` : path;
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** The code of a frame, for somebody else's page. */
export function frameCode(origin: string, address: string, title: string, height: number | 'auto'): string {
  const pixels = height === 'auto' ? 520 : height;
  const frame = `<iframe src="${escaped(origin + address)}" title="${escaped(title)}" width="100%" height="${pixels}" loading="lazy"></iframe>`;
  // A page with a strict policy takes neither scripts nor styles: the frame alone works there too.
  return height === 'auto' ? `${frame}\n<script src="${origin}/embed.js" async></script>` : frame;
}

/** The origin (scheme, host, port) of what somebody typed, or null when it names no site. */
export function originOf(text: string): string | null {
  const typed = text.trim();
  if (!typed || /\s/.test(typed)) return null;
  try {
    const url = new URL(/^https?:\/\//i.test(typed) ? typed : `https://${typed}`);
    return url.hostname.includes('.') || url.hostname === 'localhost' ? url.origin : null;
  } catch {
    return null;
  }
}
