/** What the projector shows: read again at each sign of life, and a ring around whoever was just added. */
import { t } from '../i18n';
import { api as common, Refused } from '../lib/api';
import { NO_FILTERS } from '../lib/filters';
import { Live } from '../pages/live.svelte';
import type { ActorFeature } from '../lib/types';
import { api } from './api';
import { shapes } from './cells';
import { pulse } from './pulse';
import { isOpen, type Cell, type OpenDoor, type Progress, type Seance } from './types';

/** How long a new actor keeps its ring and its name. */
const RING_MS = 60_000;
/** The code of the door changes on its own: it is read again well before it is over. */
const DOOR_MS = 60_000;

export class ScreenState {
  seance = $state.raw<Seance | null>(null);
  progress = $state.raw<Progress | null>(null);
  door = $state.raw<OpenDoor | null>(null);
  /** Why there is no code on the screen. */
  doorless = $state('');
  failed = $state('');
  paused = $state(false);
  #cells = $state.raw<Cell[]>([]);
  #rings = $state.raw<{ feature: ActorFeature; until: number }[]>([]);
  readonly #live = new Live();
  #soon: () => void = () => undefined;

  constructor(
    private readonly slug: string,
    private readonly id: string,
    private readonly token: string | null,
  ) {}

  readonly areas = $derived.by(() => shapes(this.#cells));
  readonly overlay = $derived.by(() => this.#live.overlay(NO_FILTERS, null, []));
  readonly hidden = $derived.by(() => [
    ...this.#live.superseded,
    ...this.#rings.map((ring) => ring.feature.properties.id),
  ]);
  readonly callouts = $derived.by(() => this.#rings.map((ring) => ring.feature));

  get stamp(): number {
    return this.#live.stamp;
  }
  settled(stamp: number): void {
    this.#live.settled(stamp);
  }

  /** Somebody came or went: no edit tells of it. */
  moved(): void {
    this.#soon();
  }

  /** Follows until the returned function is called. */
  follow(): () => void {
    void this.#readDoor();
    const door = setInterval(() => void this.#readDoor(), DOOR_MS);
    const beat = pulse({
      slug: this.slug,
      owner: true,
      every: 1000,
      wants: () => true,
      read: () => this.#read(),
      ontold: (told) => this.#live.changes(told),
      onagain: () => this.#live.reset(this.#live.stamp + 1),
    });
    this.#soon = beat.soon;
    return () => {
      clearInterval(door);
      this.#soon = () => undefined;
      beat.stop();
    };
  }

  /** Hides the last gestures and holds the rings: somebody wants to talk. */
  pause(): void {
    this.paused = !this.paused;
    if (this.paused) this.#rings = [];
  }

  async #read(): Promise<void> {
    try {
      this.seance = await api.seance(this.id);
      const before = this.progress;
      const [progress, { cells }] = await Promise.all([
        api.progress(this.id, this.token),
        api.cells(this.id),
      ]);
      this.progress = progress;
      this.#cells = cells;
      this.failed = '';
      if (before) await this.#ring(before, progress);
    } catch (error) {
      // What is on the wall stays there while the network is away.
      if (!this.progress) this.failed = error instanceof Error ? error.message : t('error.unreachable');
    }
  }

  /** Rings the newest actor that this séance added since the last reading. */
  async #ring(before: Progress, now: Progress): Promise<void> {
    const known = new Set(before.last.filter((g) => g.kind === 'added').map((g) => g.actor));
    const fresh = now.last.find((g) => g.kind === 'added' && !known.has(g.actor));
    this.#rings = this.#rings.filter((ring) => ring.until > Date.now());
    if (!fresh || this.paused) return;
    const feature = await this.#find(fresh.actor);
    if (feature) this.#rings = [{ feature, until: Date.now() + RING_MS }];
  }

  async #find(actor: string): Promise<ActorFeature | null> {
    const near = this.#live.overlay(NO_FILTERS, null, []).find((f) => f.properties.id === actor);
    if (near?.geometry) return near;
    const { featuresOf } = await import('../lib/journal');
    const found = featuresOf(await common.actor(actor)).find((f) => f.geometry !== null);
    return found ?? null;
  }

  async #readDoor(): Promise<void> {
    try {
      const found = await api.door(this.id, this.token);
      this.door = isOpen(found) ? found : null;
      this.doorless = this.door ? '' : t('door.closed');
    } catch (error) {
      // Without the organiser's token the screen shows the map and the figures, and nobody's way in.
      if (!(error instanceof Refused)) return;
      this.door = null;
      this.doorless = t('screen.doorless');
    }
  }
}
