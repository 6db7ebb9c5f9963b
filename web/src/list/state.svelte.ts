/** The list of a map page: always the same territory, filters and view as the map. */
import { api, Refused } from '../lib/api';
import { askedOf, queryOf, type Filters } from '../lib/filters';
import { formatBBox } from '../lib/geo';
import { t } from '../i18n';
import type { ActorFeature, BBox, Counts, Version } from '../lib/types';

const PAGE = 100;

export class ListState {
  lines = $state.raw<ActorFeature[]>([]);
  matched = $state(0);
  counts = $state.raw<Counts | null>(null);
  next = $state<string | null>(null);
  head = $state.raw<Version | null>(null);
  loading = $state(true);
  /** The first answer takes longer than usual. */
  slow = $state(false);
  error = $state('');

  #running: AbortController | null = null;
  #last: { slug: string; filters: Filters; bbox: BBox | null; near: [number, number] | null } | null = null;

  /** Reads the first hundred lines; a later question cancels an earlier one. */
  async load(
    slug: string,
    filters: Filters,
    bbox: BBox | null,
    near: [number, number] | null,
  ): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#last = { slug, filters, bbox, near };
    this.loading = true;
    const slow = setTimeout(() => (this.slow = true), 3000);
    const view = bbox ? formatBBox(bbox) : null;
    try {
      const query = queryOf(filters);
      const [page, counts] = await Promise.all([
        api.actors(askedOf(slug, filters), this.#query(null), running.signal),
        api.counts(askedOf(slug, filters), { bbox: view, q: query.q, state: query.state }, running.signal),
      ]);
      if (running.signal.aborted) return;
      this.lines = perActor(page.features);
      this.matched = page.numberMatched;
      this.next = page.next;
      this.head = page.head;
      this.counts = counts;
      this.error = '';
    } catch (error) {
      if (running.signal.aborted) return;
      this.error = error instanceof Refused ? error.message : t('error.unreachableList');
    } finally {
      clearTimeout(slow);
      if (this.#running === running) {
        this.loading = false;
        this.slow = false;
      }
    }
  }

  async more(): Promise<void> {
    if (!this.#last || !this.next) return;
    const { slug, filters } = this.#last;
    const page = await api.actors(askedOf(slug, filters), this.#query(this.next));
    const known = new Set(this.lines.map((f) => f.properties.id));
    this.lines = [...this.lines, ...perActor(page.features).filter((f) => !known.has(f.properties.id))];
    this.next = page.next;
  }

  /** The name of an actor, when its line is here. */
  nameOf(id: string): string | null {
    return this.lines.find((f) => f.properties.id === id)?.properties.name ?? null;
  }

  async again(): Promise<void> {
    const last = this.#last;
    if (last) await this.load(last.slug, last.filters, last.bbox, last.near);
  }

  /** Replaces lines that changed without moving the others. */
  refresh(features: readonly ActorFeature[], gone: readonly string[]): void {
    const fresh = new Map(perActor(features).map((f) => [f.properties.id, f]));
    this.lines = this.lines
      .filter((f) => !gone.includes(f.properties.id))
      .map((f) => fresh.get(f.properties.id) ?? f);
  }

  #query(cursor: string | null) {
    const { filters, bbox, near } = this.#last!;
    return {
      ...queryOf(filters),
      bbox: bbox ? formatBBox(bbox) : null,
      sort: filters.sort,
      near: filters.sort === 'nearest' && near ? near.map((v) => v.toFixed(5)).join(',') : null,
      limit: PAGE,
      cursor,
    };
  }
}

/** One line per actor, its first place. */
export function perActor(features: readonly ActorFeature[]): ActorFeature[] {
  const seen = new Set<string>();
  return features.filter((f) => !seen.has(f.properties.id) && seen.add(f.properties.id));
}
