/** From a day to a position of the journal: the number of the last edit of a territory on or before that day. */
import { api } from '../lib/api';

type Newest = (below: number | null) => Promise<{ seq: number; at: string } | null>;

/** The newest edit of a territory below a number. */
const newestOf =
  (slug: string): Newest =>
  async (below) => {
    const { edits } = await api.territoryHistory(slug, 1, below ?? undefined);
    return edits[0] ?? null;
  };

/** Null when the territory had no edit yet. The day ends at midnight where the reader is. */
export async function positionOn(slug: string, day: string): Promise<number | null> {
  const end = new Date(`${day}T00:00:00`);
  end.setDate(end.getDate() + 1);
  return lastBefore(newestOf(slug), end.getTime());
}

/** Halves the numbers until the edit is found; edits are numbered in the order in which they were made. */
export async function lastBefore(newest: Newest, moment: number): Promise<number | null> {
  const early = (at: string) => Date.parse(at) < moment;
  const head = await newest(null);
  if (!head) return null;
  if (early(head.at)) return head.seq;
  let [low, high] = [0, head.seq];
  let found: number | null = null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2) + 1;
    const edit = await newest(middle);
    if (edit && early(edit.at)) {
      found = edit.seq;
      low = middle;
    } else high = edit ? Math.min(middle - 1, edit.seq) : middle - 1;
  }
  return found;
}
