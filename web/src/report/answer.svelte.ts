/** The statistics that a page asks for: days become positions of the journal, late answers are left. */
import { t } from '../i18n';
import { api, type Question } from './api';
import type { Asked } from './filters';
import { positionOn } from './positions';
import type { Statistics } from './types';

const LATE_MS = 4000;

export class StatisticsState {
  found = $state.raw<Statistics | null>(null);
  /** What was really asked, for the files of the same numbers. */
  question = $state.raw<Question>({ area: '', category: '', at: null, before: null });
  loading = $state(true);
  slow = $state(false);
  failed = $state('');
  /** Why the two days can't be compared. */
  wrong = $state('');

  /** Asks; the function that it gives leaves the answer aside. */
  ask(slug: string, { area, category, before, at }: Asked): () => void {
    const stop = new AbortController();
    const late = setTimeout(() => (this.slow = true), LATE_MS);
    this.loading = true;
    this.slow = false;
    const read = async () => {
      const [from, to] = await Promise.all([
        before ? positionOn(slug, before) : null,
        at ? positionOn(slug, at) : null,
      ]);
      if (stop.signal.aborted) return;
      this.wrong = (before && from === null) || (at && to === null) ? t('stat.tooEarly') : '';
      const question = { area, category, at: to, before: from };
      const found = await api.statistics(slug, question, stop.signal);
      if (stop.signal.aborted) return;
      [this.found, this.question, this.failed] = [found, question, ''];
    };
    read()
      .catch((error: unknown) => {
        if (!stop.signal.aborted)
          this.failed = error instanceof Error ? error.message : t('error.unreachable');
      })
      .finally(() => {
        clearTimeout(late);
        if (!stop.signal.aborted) this.loading = this.slow = false;
      });
    return () => {
      clearTimeout(late);
      stop.abort();
    };
  }
}
