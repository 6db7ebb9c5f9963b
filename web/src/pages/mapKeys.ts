/** The keys of a map page, and what each of them does there. */
import { app } from '../lib/app.svelte';
import { listen } from '../lib/keys';
import { undoLast } from '../lib/writing';

interface Regions {
  search: () => void;
  list: () => void;
  map: () => void;
  sheet: () => void;
  hasMap: () => boolean;
  hasSheet: () => boolean;
  /** Closes the uppermost thing that is open. */
  close: () => unknown;
}

export function mapKeys(regions: Regions): () => void {
  return listen({
    '/': regions.search,
    a: () => (app.adding = { name: '' }),
    l: regions.list,
    m: regions.map,
    '?': () => (app.keysHelp = !app.keysHelp),
    Escape: () => (app.keysHelp ? (app.keysHelp = false) : void regions.close()),
    F6: () => next(regions),
    undo: () => void undoLast(),
  });
}

/** From the list to the map, to the sheet, and round again. */
function next(regions: Regions): void {
  const inside = (selector: string) => document.activeElement?.closest(selector);
  if (inside('.lister') && regions.hasMap()) regions.map();
  else if (!inside('.sheeter') && regions.hasSheet() && !inside('.finder')) regions.sheet();
  else regions.list();
}
