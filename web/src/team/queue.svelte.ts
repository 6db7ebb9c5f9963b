/** How many cases await a moderator of a territory; the bar, the home page and the queue show the same number. */
import { api } from './api';

class Queue {
  total = $state<number | null>(null);
  #slug = '';

  /** Asks the server; a failure leaves the number unsaid rather than wrong. */
  async read(slug: string): Promise<void> {
    if (slug !== this.#slug) this.total = null;
    this.#slug = slug;
    const total = await api.cases(slug, null, 1).then(
      (page) => page.total,
      () => null,
    );
    if (slug === this.#slug) this.total = total;
  }
}

export const queue = new Queue();
