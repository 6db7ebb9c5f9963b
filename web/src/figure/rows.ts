/** What a figure's actors look like in a table: one row per actor, and how many of each theme. */
import { THEME_CODES } from '../parts/glyphs';

export interface Row {
  id: string;
  name: string;
  category: string;
  state: string;
  where: string;
}

interface Listed {
  properties: Record<string, unknown> | null;
}
const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** Of features, one per place, the actors in their order. */
export function rowsOf(features: readonly Listed[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { properties: p } of features) {
    const id = text(p?.id);
    if (!p || rows.has(id)) continue;
    const line = [text(p.housenumber), text(p.street)].filter(Boolean).join(' ');
    rows.set(id, {
      id,
      name: text(p.name),
      category: text(p.primary_category) || text(p.category),
      state: text(p.state),
      where: [line || text(p.quartier), text(p.city)].filter(Boolean).join(', '),
    });
  }
  return [...rows.values()];
}

export interface ThemeCount {
  /** Empty for actors without a theme. */
  code: string;
  n: number;
  toCheck: number;
}

/** Each actor once, in its main theme; the largest first, then in the order of the taxonomy. */
export function byTheme(rows: readonly Row[]): ThemeCount[] {
  const counts = new Map<string, ThemeCount>();
  for (const row of rows) {
    const code = row.category.split('.')[0] ?? '';
    const count = counts.get(code) ?? { code, n: 0, toCheck: 0 };
    count.n += 1;
    if (row.state !== 'confirmed') count.toCheck += 1;
    counts.set(code, count);
  }
  const place = (code: string) => (THEME_CODES.includes(code) ? THEME_CODES.indexOf(code) : 99);
  return [...counts.values()].sort((a, b) => b.n - a.n || place(a.code) - place(b.code));
}
