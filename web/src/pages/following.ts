/** What a map page does with the changes of its territory: overlay, list, open sheet. */
import { api } from '../lib/api';
import { follow, type Follower } from '../lib/changes';
import type { ChangesAnswer, Version } from '../lib/types';
import type { ListState } from '../list/state.svelte';
import type { ActorState } from '../sheet/state.svelte';
import type { Live } from './live.svelte';

export class Following {
  #follower: Follower | null = null;

  constructor(
    private readonly slug: string,
    private readonly list: ListState,
    private readonly record: ActorState,
    private readonly live: Live,
    private readonly scroller: () => HTMLElement | undefined,
  ) {}

  /** Starts from the head that a list was read at; already started, it goes on from where it is. */
  start(head: Version): void {
    this.#follower ??= follow({
      after: head,
      ask: (after) => api.changes(after, this.slug),
      onchanges: (answer) => this.#changes(answer),
      onreset: () => this.#again(),
      onstale: () => {
        this.#follower = null;
        this.#again();
      },
    });
  }

  stop(): void {
    this.#follower?.stop();
    this.#follower = null;
  }

  #changes(answer: ChangesAnswer): void {
    const others = this.live.changes(answer);
    this.list.refresh(answer.features, answer.gone);
    const open = this.record.id;
    if (open && (answer.edits.some((e) => e.subject.id === open) || answer.gone.includes(open))) {
      void this.record.load(open);
    }
    if (others === 0) return;
    // Nothing moves under the eyes: the list renews itself only when nobody is reading it further down.
    const scroller = this.scroller();
    const reading = scroller && (scroller.scrollTop > 40 || scroller.contains(document.activeElement));
    if (reading) this.live.news += others;
    else void this.list.again();
  }

  #again(): void {
    this.live.reset();
    this.live.stamp += 1;
    void this.list.again();
    if (this.record.id) void this.record.load(this.record.id);
  }
}
