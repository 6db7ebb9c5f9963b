/** The figures of a territory, for the reports that cite them. */
import { SvelteMap } from 'svelte/reactivity';
import { api } from './api';
import type { FigureLine } from './types';

const known = new SvelteMap<string, FigureLine[]>();
const asked = new Set<string>();

/** Null until they were read; `fresh` reads them again, because one may just have been made. */
export function figuresOf(slug: string): FigureLine[] | null {
  if (!asked.has(slug)) void readFigures(slug).catch(() => asked.delete(slug));
  return known.get(slug) ?? null;
}

export async function readFigures(slug: string): Promise<FigureLine[]> {
  asked.add(slug);
  const figures = await api.figures(slug);
  known.set(slug, figures);
  return figures;
}
