/** The pile of paper cards of one séance on this device: kept at each letter, sent one by one through the outbox. */
import { app } from '../lib/app.svelte';
import { api } from '../lib/api';
import { outbox } from '../lib/outbox.svelte';
import { openShelf } from '../lib/queue';
import type { Duplicates, Territory } from '../lib/types';
import { uuidv7 } from '../lib/uuid';
import { socket } from '../live/socket.svelte';
import { create } from '../lib/writing';
import { blank, editOf, stateOf, withRoom, type Card, type CardState } from './cards';
import { joined } from './joined';

const fresh = () => blank(uuidv7(), uuidv7());
/** A typist does not wait longer than this for an answer about twins. */
const PATIENCE_MS = 1500;

export class Pile {
  cards = $state<Card[]>([]);
  ready = $state(false);
  /** Actors like the card that is being typed. */
  twins = $state.raw<{ card: string; found: Duplicates } | null>(null);
  /** The card under the typist's fingers: the radar is about this one. */
  current = $state('');
  #asked: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly territory: Territory,
    private readonly seance: string,
  ) {}

  async open(): Promise<void> {
    const kept = await (await openShelf()).draft<Card[]>(this.#key);
    this.cards = withRoom(kept ?? [], fresh);
    this.ready = true;
  }

  get #key(): string {
    return `cards:${this.seance}`;
  }

  state(card: Card): CardState {
    return stateOf(card, outbox.queue, outbox.offline);
  }

  change(card: Card, part: Partial<Card>): void {
    const doubt = 'name' in part || 'place' in part;
    this.#put({ ...card, ...part, ...(doubt ? { sure: false } : {}) });
    if (!doubt) return;
    this.#look({ ...card, ...part });
    this.#tell({ ...card, ...part });
  }

  /** Others who add something like it are told, and this typist of them. */
  #tell(card: Card): void {
    this.current = card.id;
    const name = card.name.trim();
    const [lon, lat] =
      card.place?.kind === 'point' ? [card.place.lon, card.place.lat] : this.territory.center;
    socket.present({ typing: name.length < 3 ? null : { name, lon, lat } });
  }

  leave(): void {
    socket.present({ typing: null });
  }

  /** Sends a card; false when actors like it must be looked at first. */
  async send(card: Card): Promise<boolean> {
    if (!card.sure) {
      const found = await this.#likes(card);
      if ((found?.actors.length ?? 0) + socket.radar.length > 0) {
        if (found && found.actors.length > 0) this.twins = { card: card.id, found };
        this.#put({ ...card, sure: true });
        return false;
      }
    }
    const current = this.cards.find((c) => c.id === card.id) ?? card;
    this.#put({ ...current, sent: true });
    this.twins = null;
    this.leave();
    const anonymous = !app.organiser && joined(this.territory.slug) === null;
    const form = anonymous ? { token: '', trap: '', notBefore: 0 } : undefined;
    void create(
      editOf($state.snapshot(current), this.territory),
      form,
      card.name.trim(),
      this.territory.slug,
    );
    return true;
  }

  /** The card is an actor that is on the map already. */
  same(card: Card, actor: string): void {
    this.twins = null;
    this.leave();
    this.#put({ ...card, same: actor });
  }

  /** A refused card is typed again: it leaves the outbox and becomes a new edit. */
  async correct(card: Card): Promise<void> {
    for (const pending of outbox.forActor(card.id)) await outbox.drop(pending.id);
    this.#put({ ...card, sent: false, sure: false, edit: uuidv7() });
  }

  drop(card: Card): void {
    this.#keep(
      withRoom(
        this.cards.filter((c) => c.id !== card.id),
        fresh,
      ),
    );
  }

  /** Takes the cards that are on the map off the pile. */
  tidy(): void {
    this.#keep(
      withRoom(
        this.cards.filter((c) => !['online', 'same'].includes(this.state(c))),
        fresh,
      ),
    );
  }

  message(card: Card): string {
    return outbox.forActor(card.id).find((p) => p.state === 'refused')?.message ?? '';
  }

  #put(card: Card): void {
    this.#keep(
      withRoom(
        this.cards.map((c) => (c.id === card.id ? card : c)),
        fresh,
      ),
    );
  }
  #keep(cards: Card[]): void {
    this.cards = cards;
    const kept = $state.snapshot(cards);
    void openShelf().then((shelf) => shelf.keep(this.#key, kept));
  }

  /** Asks for twins while the card is being typed. */
  #look(card: Card): void {
    clearTimeout(this.#timer);
    if (card.name.trim().length < 3) {
      this.twins = null;
      return;
    }
    this.#timer = setTimeout(async () => {
      const found = await this.#likes(card);
      if (found) this.twins = found.actors.length > 0 ? { card: card.id, found } : null;
    }, 250);
  }
  async #likes(card: Card): Promise<Duplicates | null> {
    const name = card.name.trim();
    if (name.length < 3) return null;
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const late = setTimeout(() => asked.abort(), PATIENCE_MS);
    const point = card.place?.kind === 'point' ? card.place : null;
    try {
      return await api.duplicates(
        { name, territory: this.territory.slug, lon: point?.lon.toFixed(5), lat: point?.lat.toFixed(5) },
        asked.signal,
      );
    } catch {
      // Twins are a help: without an answer the typist goes on.
      return null;
    } finally {
      clearTimeout(late);
    }
  }
}
