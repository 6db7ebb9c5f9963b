/** How many actors of each theme a frame's filter finds, and how many of them are to check. */
import type { ThemeCount } from '../figure/rows';
import { t } from '../i18n';
import { api, Refused } from '../lib/api';
import { askedOf, queryOf, type Filters } from '../lib/filters';
import { formatBBox } from '../lib/geo';
import type { BBox } from '../lib/types';

export class Tally {
  counts = $state.raw<ThemeCount[]>([]);
  actors = $state(0);
  loading = $state(true);
  error = $state('');
  #asked = 0;

  async load(slug: string, filters: Filters, bbox: BBox | null): Promise<void> {
    const asked = ++this.#asked;
    const query = { ...queryOf(filters), bbox: bbox && formatBBox(bbox) };
    try {
      const [all, toCheck] = await Promise.all([
        api.counts(askedOf(slug, filters), query),
        api.counts(askedOf(slug, filters), { ...query, state: 'to_check' }),
      ]);
      if (asked !== this.#asked) return;
      this.actors = all.actors;
      const counts = Object.entries(all.themes)
        .map(([code, n]) => ({ code, n, toCheck: toCheck.themes[code] ?? 0 }))
        .filter((row) => row.n > 0);
      const themed = counts.reduce((sum, row) => sum + row.n, 0);
      const without = { code: '', n: all.actors - themed, toCheck: 0 };
      if (without.n > 0) {
        const doubtful = Object.values(toCheck.themes).reduce((sum, n) => sum + n, 0);
        counts.push({ ...without, toCheck: toCheck.actors - doubtful });
      }
      this.counts = counts.sort((a, b) => b.n - a.n);
      this.error = '';
    } catch (error) {
      if (asked === this.#asked)
        this.error = error instanceof Refused ? error.message : t('error.unreachable');
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }
}
