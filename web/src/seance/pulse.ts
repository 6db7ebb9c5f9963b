/** Tells a screen of a séance when to read again: once at first, at each change of the territory, and now and then. */
import { api } from '../lib/api';
import { follow, type Follower } from '../lib/changes';
import type { ChangesAnswer, Version } from '../lib/types';

/** What changed on the map since the last time. */
export type Told = ChangesAnswer;

export function pulse(slug: string, head: Version | null, onbeat: (told: Told | null) => void): () => void {
  let follower: Follower | null = null;
  let stopped = false;
  const start = (at: Version) => {
    if (stopped) return;
    follower = follow({
      after: at,
      ask: (after) => api.changes(after, slug),
      onchanges: (answer) => onbeat(answer),
      onreset: () => onbeat(null),
      onstale: () => onbeat(null),
    });
  };
  if (head) start(head);
  else
    api.actors(slug, { limit: 1 }).then(
      (page) => start(page.head),
      () => undefined,
    );
  onbeat(null);
  return () => {
    stopped = true;
    follower?.stop();
  };
}
