/**
 * The one live socket of a page: others' edits, acknowledgements of ours, who is here.
 *
 * Invariants: edits reach the listeners once each and without a hole (reader.ts), or as `snapshot`, after which everything is read again; `state` is
 * `open` only after the server's welcome; nobody is shown as present while it is not.
 */
import { language } from '../i18n';
import type { Edit, Version } from '../lib/types';
import type {
  LiveEdits,
  LiveMessage,
  LiveRefused,
  LiveWelcome,
  Near,
  Person,
  Presence,
  You,
} from './messages';
import { Line, type LineState } from './line';
import { changed } from './people';
import { read } from './reader';

interface Events {
  /** Only edits that this page does not hold yet; the range as it came. */
  edits: LiveEdits;
  snapshot: { epoch: number; head: number };
  welcome: LiveWelcome;
  acks: Extract<LiveMessage, { type: 'acks' }>;
  refused: LiveRefused;
  revoked: Extract<LiveMessage, { type: 'revoked' }>;
  bye: Extract<LiveMessage, { type: 'bye' }>;
  /** The connection went: what was not acknowledged must be sent again. */
  lost: null;
}
type Listener<K extends keyof Events> = (message: Events[K]) => void;

const NOBODY: Presence = {
  actor: null,
  field: null,
  view: null,
  typing: null,
  nickname: '',
  color: null,
};
/** At most four times a second. */
const PRESENCE_MS = 250;
/** A hello is answered within this time, or the connection is made anew. */
const HELLO_MS = 10_000;

export class Socket {
  state = $state<LineState>('off');
  you = $state.raw<You | null>(null);
  people = $state.raw<Person[]>([]);
  /** How many are on this map, named or not, this page included. */
  here = $state(0);
  radar = $state.raw<Near[]>([]);
  /** How far this page has been told; null while it holds nothing. */
  at: Version | null = null;

  readonly #line: Line;
  readonly #listeners = new Map<keyof Events, Set<(message: never) => void>>();
  #slug = '';
  #seance: string | null = null;
  /** A hello is on its way: messages that show a gap again need no second one. */
  /** As `state` says, for code that must not depend on it. */
  #welcomed = false;
  #greeting = false;
  #greetedAt = 0;
  #present: Presence = NOBODY;
  #told = '';
  #toldAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(create?: (url: string) => WebSocket, random?: () => number) {
    this.#line = new Line({
      // The server's sentences come in the language of this page, not in the browser's.
      url: () =>
        `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live?lang=${language}`,
      onopen: () => this.#hello(),
      ontext: (text) => this.#read(text),
      onstate: (state) => this.#moved(state),
      create,
      random,
    });
  }

  /** Follows a territory from a position, as a participant of a séance or not. */
  open(slug: string, seen: Version | null, seance: string | null = null): void {
    const same = slug === this.#slug && seance === this.#seance;
    if (same && this.#line.state !== 'off') return;
    this.#slug = slug;
    this.#seance = seance;
    this.at = seen;
    if (this.#line.state === 'off') this.#line.start();
    else this.#line.again();
  }

  close(): void {
    this.#line.stop();
    clearTimeout(this.#timer);
    this.#slug = '';
    this.at = null;
    // What was done there is over; who it was stays.
    const { nickname, color } = this.#present;
    this.#present = { ...NOBODY, nickname, color };
  }

  /** Connects anew at once: this device has an identity, or a place in a séance, that the connection does not know. */
  reconnect(): void {
    this.#line.again();
  }

  /** The page was told by other means (polling) up to here. */
  reached(at: Version): void {
    if (this.at === null || this.at[0] !== at[0] || this.at[1] < at[1]) this.at = at;
  }

  on<K extends keyof Events>(type: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set);
    set.add(listener as (message: never) => void);
    return () => set.delete(listener as (message: never) => void);
  }

  /** Tells the others what this person does; merged with what was told before. */
  present(part: Partial<Presence>): void {
    this.#present = { ...this.#present, ...part };
    if ('typing' in part && part.typing === null) this.radar = [];
    this.#tell();
  }

  /** False when the socket is not open, or the message would be too long for it: POST does both. */
  send(edits: Edit[], form?: { token: string; trap: string }): boolean {
    if (!this.#welcomed) return false;
    const text = JSON.stringify({ type: 'edits', edits, form: form ?? null });
    // 64 KiB of UTF-8 is the server's limit; a character takes at most three bytes.
    if (text.length * 3 > 65_536 && new TextEncoder().encode(text).length > 65_000) return false;
    return this.#line.send(text);
  }

  #hello(): void {
    this.#greeting = true;
    this.#greetedAt = Date.now();
    this.#line.send(
      JSON.stringify({
        type: 'hello',
        v: 1,
        territory: this.#slug,
        seen: this.at,
        nickname: this.#present.nickname,
        color: this.#present.color,
        seance: this.#seance,
      }),
    );
  }

  #read(text: string): void {
    let message: LiveMessage;
    try {
      message = JSON.parse(text) as LiveMessage;
    } catch {
      return;
    }
    if (message.type === 'welcome') this.#welcome(message);
    else if (message.type === 'edits' || message.type === 'beat') this.#take(message);
    else if (message.type === 'snapshot') {
      this.at = [message.epoch, message.head];
      this.#emit('snapshot', message);
    } else if (message.type === 'people') {
      this.here = message.here;
      this.people = changed(this.people, message.people, message.left);
      this.you = this.people.find((p) => p.session === this.you?.session) ?? this.you;
    } else if (message.type === 'radar') this.radar = this.#present.typing ? message.near : [];
    else if (message.type === 'bye') {
      this.#emit('bye', message);
      // A server that speaks another version needs another page: coming back would not help.
      if (message.code === 'upgrade_required') this.#line.stop();
      else this.#line.bye(message.retry_ms);
    } else if (message.type !== 'busy') this.#emit(message.type, message as never);
  }

  #welcome(message: LiveWelcome): void {
    this.#greeting = false;
    this.#line.settled(message.beat_seconds);
    this.you = message.you;
    this.#welcomed = true;
    this.state = 'open';
    this.#told = '';
    this.#tell();
    this.#emit('welcome', message);
  }

  #take(message: LiveEdits | Extract<LiveMessage, { type: 'beat' }>): void {
    if (this.#greeting) {
      // A server that goes on without answering a hello would leave this page behind for ever.
      if (Date.now() - this.#greetedAt > HELLO_MS) this.#line.again();
      return;
    }
    const reading = read(this.at, message);
    if (reading === 'gap') return this.#hello();
    this.at = reading.at;
    if (message.type === 'beat') return;
    const edits = message.edits.filter((e) => e.seq > reading.held);
    if (edits.length > 0 || message.gone.length > 0 || message.features.length > 0)
      this.#emit('edits', { ...message, edits });
  }

  #tell(): void {
    clearTimeout(this.#timer);
    if (!this.#welcomed) return;
    const text = JSON.stringify({ type: 'presence', ...this.#present });
    if (text === this.#told) return;
    const wait = this.#toldAt + PRESENCE_MS - Date.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#tell(), wait);
      return;
    }
    this.#told = text;
    this.#toldAt = Date.now();
    this.#line.send(text);
  }

  #moved(state: LineState): void {
    const was = this.#welcomed;
    this.#welcomed = false;
    // Connected is not yet welcome.
    this.state = state === 'open' ? 'connecting' : state;
    if (state === 'open') return;
    this.people = [];
    this.radar = [];
    this.here = 0;
    this.#greeting = false;
    if (was) this.#emit('lost', null);
  }

  #emit<K extends keyof Events>(type: K, message: Events[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) (listener as Listener<K>)(message);
  }
}

export const socket = new Socket();
