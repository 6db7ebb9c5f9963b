/** Follows a run while the server works on it; silent while the page is hidden, patient while the server is away. */
import { pace } from '../lib/changes';
import { working } from './runs';
import type { Run } from './types';

export interface Watched {
  stop(): void;
  /** Asks at once: after an order was given, or when the person wants to know. */
  now(): void;
}

export interface WatchOptions {
  ask: () => Promise<Run>;
  onrun: (run: Run) => void;
  /** The server can't be reached (true), or can again (false). */
  onlost: (lost: boolean) => void;
  /** The server refuses to tell: nothing more is asked. */
  onrefused: (error: Error) => void;
  every?: number;
  document?: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>;
}

export function watch(options: WatchOptions): Watched {
  const { every = 800, document: page = document } = options;
  let failures = 0;
  let stopped = false;
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const plan = (delay: number) => {
    clearTimeout(timer);
    if (!stopped && !page.hidden) timer = setTimeout(() => void ask(), delay);
  };
  const ask = async () => {
    // An answer that comes after a newer question is of no use.
    const mine = ++turn;
    try {
      const run = await options.ask();
      if (stopped || mine !== turn) return;
      if (failures > 0) options.onlost(false);
      failures = 0;
      options.onrun(run);
      // A settled run moves only by somebody's order; it is read again when the page comes back.
      if (working(run.state)) plan(every);
    } catch (error) {
      if (stopped || mine !== turn) return;
      if (
        typeof (error as { status?: number }).status === 'number' &&
        (error as { status: number }).status < 500
      ) {
        stop();
        return options.onrefused(error as Error);
      }
      failures += 1;
      options.onlost(true);
      plan(pace(every * 2, failures));
    }
  };
  const onvisible = () => (page.hidden ? clearTimeout(timer) : plan(0));
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    page.removeEventListener('visibilitychange', onvisible);
  };
  page.addEventListener('visibilitychange', onvisible);
  void ask();
  return { now: () => plan(0), stop };
}
