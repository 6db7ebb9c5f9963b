/** Follows a territory by asking every five seconds what changed; silent while the page is hidden. */
import type { ChangesAnswer } from './types';

export interface Follower {
  stop(): void;
  /** Asks at once, for example when the page comes back. */
  now(): void;
}

export interface FollowOptions {
  after: [epoch: number, seq: number];
  ask: (after: number) => Promise<ChangesAnswer>;
  onchanges: (answer: ChangesAnswer) => void;
  /** The journal was restored from a backup: everything on screen must be read again. */
  onreset: (epoch: number, head: number) => void;
  /** The page was away for too long to be told change by change; the follower has stopped. */
  onstale: () => void;
  every?: number;
  document?: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>;
}

/** What to do with an answer: read everything again, go on at once, or wait. */
export function judge(epoch: number, after: number, answer: ChangesAnswer): 'reset' | 'more' | 'wait' {
  if (answer.epoch !== epoch || answer.head < after) return 'reset';
  return answer.more ? 'more' : 'wait';
}

/** Milliseconds before the next question: the usual pace, slower while the server does not answer. */
export function pace(every: number, failures: number): number {
  return Math.min(60_000, every * 2 ** Math.min(failures, 4));
}

export function follow(options: FollowOptions): Follower {
  const { every = 5000, document: page = document } = options;
  let [epoch, after] = options.after;
  let failures = 0;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const plan = (delay: number) => {
    clearTimeout(timer);
    if (!stopped && !page.hidden) timer = setTimeout(() => void ask(), delay);
  };
  const ask = async () => {
    try {
      const answer = await options.ask(after);
      if (stopped) return;
      failures = 0;
      const verdict = judge(epoch, after, answer);
      if (verdict === 'reset') {
        epoch = answer.epoch;
        after = answer.head;
        options.onreset(epoch, after);
      } else {
        after = Math.max(after, answer.upto);
        if (answer.edits.length > 0 || answer.features.length > 0 || answer.gone.length > 0)
          options.onchanges(answer);
      }
      plan(verdict === 'more' ? 0 : every);
    } catch (error) {
      if (stopped) return;
      if ((error as { status?: number }).status === 410) {
        stop();
        return options.onstale();
      }
      failures += 1;
      plan(pace(every, failures));
    }
  };
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    page.removeEventListener('visibilitychange', onvisible);
  };
  const onvisible = () => (page.hidden ? clearTimeout(timer) : plan(0));
  page.addEventListener('visibilitychange', onvisible);
  plan(every);
  return { now: () => plan(0), stop };
}
