/** One report on screen: as the server last gave it, read again at each change, with what waits in the outbox laid over it. */
import { t } from '../i18n';
import { Refused } from '../lib/api';
import { outbox } from '../lib/outbox.svelte';
import type { Pending } from '../lib/queue';
import { pulse } from '../seance/pulse';
import { api } from './api';
import { laid } from './laid';
import type { Report } from './types';

export class ReportState {
  #report = $state.raw<Report | null>(null);
  #turn = 0;
  failed = $state('');
  missing = $state(false);
  readonly report = $derived(this.#report && laid(this.#report, outbox.queue));

  constructor(
    private readonly slug: string,
    readonly id: string,
  ) {}

  follow(): () => void {
    return pulse({
      slug: this.slug,
      owner: true,
      every: 1000,
      wants: ({ subject }) => ['report', 'block', 'device'].includes(subject.kind),
      read: () => this.read(),
    }).stop;
  }

  async read(): Promise<void> {
    const mine = ++this.#turn;
    try {
      const report = await api.report(this.id);
      // An answer that was overtaken by a later question tells of an older state.
      if (mine === this.#turn) this.take(report);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) this.missing = true;
      else if (this.#report === null)
        this.failed = error instanceof Error ? error.message : t('error.unreachable');
    }
  }

  take(report: Report): void {
    this.#report = report;
    this.failed = '';
    this.missing = false;
  }

  conflicts(id: string): Pending[] {
    return outbox.forActor(id).filter((p) => p.state === 'conflict');
  }

  refused(id: string): Pending | undefined {
    return outbox.forActor(id).find((p) => p.state === 'refused');
  }
}
