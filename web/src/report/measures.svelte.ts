/** The statistics of a territory as a report shows them: read once a visit, for all parts together. */
import { SvelteMap } from 'svelte/reactivity';
import { api } from './api';
import type { Measure } from './types';

const known = new SvelteMap<string, Measure[]>();
const asked = new Set<string>();

/** Null while they are on their way; a part without them shows the rest. */
export function measuresOf(slug: string): Measure[] | null {
  if (!asked.has(slug)) {
    asked.add(slug);
    api.statistics(slug).then(
      (found) => known.set(slug, found.measures),
      () => asked.delete(slug),
    );
  }
  return known.get(slug) ?? null;
}
