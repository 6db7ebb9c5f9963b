/** Tells a screen of a séance when to read again: once at first, when the live socket tells of something, now and then without it. */
import { api } from '../lib/api';
import type { Version } from '../lib/types';
import type { LiveEdit, LiveEdits } from '../live/messages';
import { socket } from '../live/socket.svelte';
import { joined } from './joined';

export interface Pulse {
  slug: string;
  /** Whether an edit is a reason to read again. */
  wants: (edit: Pick<LiveEdit, 'subject' | 'seance'>) => boolean;
  /** At most once in so many milliseconds; a hall of phones does not ask all at once. */
  every: number;
  read: () => Promise<void>;
  /** Everything that is told, as it is told. */
  ontold?: (told: LiveEdits) => void;
  /** What was on screen may be of another history. */
  onagain?: () => void;
  /** The screen has the socket to itself; a map page opens and closes its own. */
  owner: boolean;
}

/** Without a socket the page asks at this pace. */
const ASKING_MS = 5000;
/** Even with one: people come in, and time passes, without any edit. */
const SLOWLY_MS = 20_000;

export interface Beating {
  stop(): void;
  /** Something else than an edit happened: reads again, no more often than usual. */
  soon(): void;
}

export function pulse({ slug, wants, every, read, ontold, onagain, owner }: Pulse): Beating {
  let stopped = false;
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    if (timer !== undefined || stopped) return;
    const wait = Math.max(0, last + every - Date.now()) + (Math.random() * every) / 2;
    timer = setTimeout(() => void now(), wait);
  };
  const now = async () => {
    clearTimeout(timer);
    timer = undefined;
    last = Date.now();
    if (!stopped) await read();
  };
  const off = [
    socket.on('edits', (told) => {
      ontold?.(told);
      if (told.edits.some(wants)) soon();
    }),
    socket.on('snapshot', () => {
      onagain?.();
      soon();
    }),
  ];
  const asking = setInterval(() => {
    if (document.hidden || (socket.state === 'open' && Date.now() - last < SLOWLY_MS)) return;
    if (socket.state !== 'open') onagain?.();
    void now();
  }, ASKING_MS);
  const onvisible = () => !document.hidden && void now();
  document.addEventListener('visibilitychange', onvisible);
  void now();
  if (owner)
    headOf(slug).then(
      (head) => stopped || socket.open(slug, head, joined(slug)?.id ?? null),
      () => undefined,
    );
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    clearInterval(asking);
    document.removeEventListener('visibilitychange', onvisible);
    off.forEach((leave) => leave());
    if (owner) socket.close();
  };
  return { stop, soon };
}

/** How far the journal is now: the socket tells what comes after. */
async function headOf(slug: string): Promise<Version> {
  return (await api.actors(slug, { limit: 1 })).head;
}
