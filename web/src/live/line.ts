/** One WebSocket that comes back: when to connect, when to give up on a silent one, and how long to wait. Knows no message but its life. */

export interface LineOptions {
  url: () => string;
  /** The socket is connected: time to say hello. */
  onopen: () => void;
  ontext: (text: string) => void;
  onstate: (state: LineState) => void;
  create?: (url: string) => WebSocket;
  random?: () => number;
}
export type LineState = 'off' | 'connecting' | 'open' | 'waiting';

/** A connection that does not answer within this many milliseconds is tried anew. */
const CONNECT_MS = 10_000;

/** Milliseconds before the next try: between one second and a bound that doubles up to thirty, anywhere in between (full jitter). */
export function pause(tries: number, random: number): number {
  const bound = Math.min(30, 2 ** Math.min(tries, 5));
  return Math.round(1000 + random * (bound - 1) * 1000);
}

export class Line {
  state: LineState = 'off';

  #socket: WebSocket | null = null;
  #tries = 0;
  #heard = 0;
  /** The server asked to be left alone until then; a network that comes back does not change that. */
  #notBefore = 0;
  /** A socket that said nothing for this long is dead: several beats of the server. */
  #silence = 40_000;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #random: () => number;
  readonly #create: (url: string) => WebSocket;

  constructor(private readonly options: LineOptions) {
    this.#random = options.random ?? Math.random;
    this.#create = options.create ?? ((url) => new WebSocket(url));
  }

  start(): void {
    if (this.state !== 'off') return;
    addEventListener('online', this.#wake);
    addEventListener('offline', this.#drop);
    document.addEventListener('visibilitychange', this.#wake);
    this.#connect();
  }

  stop(): void {
    removeEventListener('online', this.#wake);
    removeEventListener('offline', this.#drop);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#leave();
    this.#tries = 0;
    this.#become('off');
  }

  /** Connects anew at once, for example with an identity that this device has only now. */
  again(): void {
    if (this.state === 'off') return;
    this.#leave();
    this.#connect();
  }

  /** The server greeted, and said how often it gives a sign of life. Later pauses begin small again. */
  settled(beatSeconds: number): void {
    this.#tries = 0;
    this.#silence = beatSeconds * 2500;
    if (this.#socket) this.#listen(this.#socket);
  }

  /** The server says goodbye and when to come back. */
  bye(retryMs: number): void {
    const wait = retryMs * (1 + this.#random() / 2);
    this.#notBefore = Date.now() + wait;
    this.#leave();
    this.#wait(wait);
  }

  /** False when nothing could be sent. */
  send(text: string): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(text);
    return true;
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#become('connecting');
    let socket: WebSocket;
    try {
      socket = this.#create(this.options.url());
    } catch {
      return this.#fail();
    }
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket), CONNECT_MS);
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#listen(socket);
      this.#become('open');
      this.options.onopen();
    };
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return;
      this.#listen(socket);
      if (typeof event.data === 'string') this.options.ontext(event.data);
    };
    socket.onclose = () => this.#lost(socket);
  }

  /** Waits for the next sign of life. */
  #listen(socket: WebSocket): void {
    this.#heard = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(socket), this.#silence);
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#leave();
    this.#fail();
  }

  #fail(): void {
    this.#tries += 1;
    this.#wait(pause(this.#tries, this.#random()));
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#become('waiting');
    this.#timer = setTimeout(() => this.#connect(), ms);
  }

  #leave(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    // A socket that is still connecting complains in the console when it is closed; it is left to end by itself then.
    if (socket?.readyState === 0) socket.onopen = () => socket.close();
    else socket?.close();
  }

  /** The network is back, or the page is looked at again: no reason to wait any longer, nor to trust a silent socket. */
  #wake = (): void => {
    if (document.hidden) return;
    const now = Date.now();
    if (this.state === 'waiting' && now >= this.#notBefore) this.#connect();
    else if (this.state === 'open' && now - this.#heard > this.#silence) this.again();
  };

  #drop = (): void => {
    if (this.#socket) this.#lost(this.#socket);
  };

  #become(state: LineState): void {
    if (this.state === state) return;
    this.state = state;
    this.options.onstate(state);
  }
}
