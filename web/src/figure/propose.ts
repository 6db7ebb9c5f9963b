/** Words proposed for a new figure, from the filter and the view; the person may write others. */
import { language, t } from '../i18n';
import { app } from '../lib/app.svelte';
import type { Filters } from '../lib/filters';
import type { FigureKind } from './types';

/** The short word of a theme, or the name of a sub-category. */
export function themeWord(code: string): string {
  return code.includes('.') ? app.categoryName(code) : app.themeShort(code);
}

/** "Alimentation, Solidarité et Sport". */
export function listed(names: readonly string[]): string {
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
}

/** The place that a figure is about: the territory, or its quartier. */
export function placeName(territory: string, area: string | null): string {
  return area ? t('figure.inArea', { name: territory, area }) : territory;
}

function whatOf(filters: Filters): string {
  const names = filters.categories.map(themeWord);
  const what = names.length > 0 ? listed(names) : t('figure.everybody');
  const words = filters.q ? t('figure.withWords', { what, q: filters.q }) : what;
  return filters.toCheck ? t('figure.whatToCheck', { what: words }) : words;
}

export function proposeTitle(filters: Filters, place: string): string {
  return cut(t('figure.proposedTitle', { what: whatOf(filters), place }), 120);
}

export function proposeAlt(kind: FigureKind, filters: Filters, place: string, n: number): string {
  return cut(t(`figure.alt.${kind}`, { n, what: whatOf(filters), place }), 500);
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1).trimEnd()}…` : text;
}
