/** The routes of figures. */
import { request, withQuery } from '../lib/api';
import type { GeoJsonProperties, Feature } from 'geojson';
import type { Figure, Since } from './types';

const V1 = '/api/v1';
const one = encodeURIComponent;
const post = (): RequestInit => ({ method: 'POST', body: '{}' });

export const api = {
  list: (slug: string) => request<{ figures: Figure[] }>(`${V1}/territories/${one(slug)}/figures`),
  figure: (id: string) => request<Figure>(`${V1}/figures/${one(id)}`),
  since: (id: string) => request<Since>(`${V1}/figures/${one(id)}/since`),
  freeze: (id: string) => request<Figure>(`${V1}/figures/${one(id)}/freeze`, post()),
  /** A live copy; gives its id. */
  remake: (id: string) => request<{ id: string }>(`${V1}/figures/${one(id)}/remake`, post()),
  /** The actors that it shows; of a frozen one, those of its day. */
  actors: (id: string) => request<{ features: Feature<null, GeoJsonProperties>[] }>(fileOf(id, 'geojson')),
};

export type FileKind = 'svg' | 'png' | 'pdf' | 'geojson' | 'csv' | 'json';
export type Sheet = { format?: string; orientation?: string; lang?: string; stamp?: string };

/** Address of one of the files of a figure. */
export function fileOf(id: string, kind: FileKind, sheet: Sheet = {}): string {
  return withQuery(`/f/${one(id)}.${kind}`, sheet);
}

/** The picture for a screen, over a band with title and date; `stamp` changes when the figure does. */
export function pictureOf(id: string, lang: string, stamp: string): string {
  return fileOf(id, 'png', { format: 'og', lang: lang === 'en' ? 'en' : '', stamp });
}
