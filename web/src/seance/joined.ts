/** The séance that this device takes part in, kept per territory: what one writes there counts for it. */
import { recall, remember } from '../lib/device';

export interface Joined {
  id: string;
  nickname: string;
  /** 0 to 4: one of the five pastels of people. */
  color: number;
  endsAt: string;
  title: string;
}

const key = (slug: string) => `seance:${slug}`;

/** What this device joined last in a territory, also once it is over. */
export function lastJoined(slug: string): Joined | null {
  try {
    const kept = JSON.parse(recall(key(slug)) ?? 'null') as Partial<Joined> | null;
    return typeof kept?.id === 'string' && typeof kept.endsAt === 'string' ? (kept as Joined) : null;
  } catch {
    return null;
  }
}

/** The séance that goes on now, if this device is in it: its id goes with every edit. */
export function joined(slug: string, now: number = Date.now()): Joined | null {
  const kept = lastJoined(slug);
  return kept && now < Date.parse(kept.endsAt) ? kept : null;
}

export function join(slug: string, what: Joined): void {
  remember(key(slug), JSON.stringify(what));
}

export function leave(slug: string): void {
  remember(key(slug), null);
}
