/**
 * The reader's end of the live feed, as `Reader` in src/live/feed.rs: how a gap-free sequence shows a gap although most of its
 * numbers never come here. Pure.
 */
import type { Version } from '../lib/types';
import type { LiveRange } from './messages';

export type Reading =
  /** Take the edits with a number above `held`; the position is now `at`. */
  | { at: Version; held: number }
  /** Something is missing: say hello again with the position that is held. */
  | 'gap';

/** What to do with a message that covers (after, upto]. Somebody who holds nothing takes the first position told. */
export function read(at: Version | null, { epoch, after, upto }: LiveRange): Reading {
  if (at === null) return { at: [epoch, upto], held: after };
  const [mine, held] = at;
  if (epoch !== mine || after > held) return 'gap';
  return { at: [epoch, Math.max(held, upto)], held };
}
