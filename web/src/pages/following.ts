/** What a map page does with the changes of its territory: overlay, list, open sheet. Told by the socket; by questions while there is none. */
import { untrack } from 'svelte';
import { t } from '../i18n';
import { api } from '../lib/api';
import { app } from '../lib/app.svelte';
import { follow, type Follower } from '../lib/changes';
import { featuresOf } from '../lib/journal';
import { outbox } from '../lib/outbox.svelte';
import type { Ack, Actor, Edit, Version } from '../lib/types';
import type { LiveEdits } from '../live/messages';
import type { ListState } from '../list/state.svelte';
import { socket } from '../live/socket.svelte';
import { joined } from '../seance/joined';
import type { ActorState } from '../sheet/state.svelte';
import type { Live, News } from './live.svelte';

/** A page without a socket for this long asks every five seconds instead. */
const FALLBACK_MS = 4000;
/** Two hundred pages hear of an edit at once; their lists are read again spread over this time, and never more often. */
const SPREAD_MS = 1500;
const AGAIN_MS = 3000;

export class Following {
  #follower: Follower | null = null;
  #fallback: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #renewed = 0;
  #started = false;
  readonly #off: (() => void)[];

  constructor(
    private readonly slug: string,
    private readonly list: ListState,
    private readonly record: ActorState,
    private readonly live: Live,
    private readonly scroller: () => HTMLElement | undefined,
  ) {
    // A page that was opened without a network has nothing to follow from yet.
    const back = () => {
      if (!this.#started) this.#again(0);
    };
    addEventListener('online', back);
    this.#off = [
      outbox.onAck((actor, edit, ack) => this.#acked(actor, edit, ack)),
      socket.on('welcome', () => this.#mend()),
      () => removeEventListener('online', back),
      socket.on('edits', (message) => this.#edits(message)),
      socket.on('snapshot', (message) => this.#again(message.head)),
      socket.on('revoked', () => void app.loadMe()),
      socket.on('bye', ({ code }) => {
        if (code === 'upgrade_required')
          app.say(t('live.outdated'), { label: t('live.reload'), run: () => location.reload() });
      }),
    ];
  }

  /** Starts from the head that a list was read at; already started, it goes on from where it is. */
  start(head: Version): void {
    if (this.#started) return;
    this.#started = true;
    untrack(() => {
      socket.open(this.slug, head, joined(this.slug)?.id ?? null);
      this.connected(socket.state === 'open');
    });
  }

  /** The socket works, or does not: then the page asks, from where it is. */
  connected(open: boolean): void {
    clearTimeout(this.#fallback);
    if (!this.#started) return;
    if (open) {
      this.#follower?.stop();
      this.#follower = null;
    } else if (!this.#follower) this.#fallback = setTimeout(() => this.#ask(), FALLBACK_MS);
  }

  stop(): void {
    this.#off.forEach((off) => off());
    clearTimeout(this.#fallback);
    clearTimeout(this.#renewal);
    this.#follower?.stop();
    this.#follower = null;
    if (this.#started) socket.close();
    this.#started = false;
  }

  /** The server has answered an edit of this device. */
  #acked(actor: Actor, edit: Edit, ack: Ack): void {
    this.record.take(actor);
    this.live.take(actor, ack.seq);
    this.list.refresh(featuresOf(actor), actor.state === 'deleted' ? [actor.id] : []);
    const set = edit.set ?? {};
    if (edit.kind !== 'set' || 'primary_category' in set || 'name' in set) void this.list.again();
  }

  #ask(): void {
    if (!socket.at) return;
    let [epoch] = socket.at;
    this.#follower = follow({
      after: socket.at,
      ask: (after) => api.changes(after, this.slug),
      onchanges: (answer) => {
        socket.reached([epoch, answer.upto]);
        this.#changes(answer);
        const open = this.record.id;
        if (open && answer.edits.some((e) => e.subject.id === open)) void this.record.load(open);
      },
      onreset: (next, head) => {
        epoch = next;
        socket.reached([epoch, head]);
        void outbox.inEpoch(epoch);
        this.#again(head);
      },
      onstale: () => {
        this.#follower = null;
        this.#again(this.live.stamp + 1);
      },
    });
    this.#follower.now();
  }

  #edits(message: LiveEdits): void {
    this.#changes(message);
    for (const edit of message.edits) this.record.told(message.epoch, edit, message.features);
  }

  #changes(news: News): void {
    const others = this.live.changes(news);
    this.list.refresh(news.features, news.gone);
    const open = this.record.id;
    if (open && news.gone.includes(open)) void this.record.load(open);
    if (others === 0) return;
    // Nothing moves under the eyes: the list renews itself only when nobody is reading it further down.
    const scroller = this.scroller();
    const reading = scroller && (scroller.scrollTop > 40 || scroller.contains(document.activeElement));
    if (reading) this.live.news += others;
    else this.#renew();
  }

  #renew(): void {
    clearTimeout(this.#renewal);
    const wait = Math.max(0, this.#renewed + AGAIN_MS - Date.now()) + Math.random() * SPREAD_MS;
    this.#renewal = setTimeout(() => {
      this.#renewed = Date.now();
      void this.list.again();
    }, wait);
  }

  /** What could not be read while the server was away is read now. */
  #mend(): void {
    if (this.list.error) void this.list.again();
    if (this.record.id && this.record.error) void this.record.load(this.record.id);
  }

  #again(head: number): void {
    this.live.reset(head);
    void this.list.again();
    if (this.record.id) void this.record.load(this.record.id);
  }
}
