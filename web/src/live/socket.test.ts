import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Person } from './messages';
import { pause } from './line';
import { changed } from './people';
import { read } from './reader';
import { Socket } from './socket.svelte';

describe('the rule of the reader', () => {
  const range = (after: number, upto: number, epoch = 1) => ({ epoch, after, upto });
  it('takes what follows, and what overlaps, once', () => {
    expect(read([1, 10], range(10, 14))).toEqual({ at: [1, 14], held: 10 });
    expect(read([1, 12], range(10, 14))).toEqual({ at: [1, 14], held: 12 });
  });
  it('never goes back', () => {
    expect(read([1, 20], range(10, 14))).toEqual({ at: [1, 20], held: 20 });
  });
  it('sees a hole, and another history under the same numbers', () => {
    expect(read([1, 10], range(11, 14))).toBe('gap');
    expect(read([1, 10], range(10, 14, 2))).toBe('gap');
    expect(read([2, 10], range(5, 14, 1))).toBe('gap');
  });
  it('takes the first position when it holds nothing', () => {
    expect(read(null, range(7, 9, 3))).toEqual({ at: [3, 9], held: 7 });
  });
});

describe('the pause before the next try', () => {
  it('lies between one second and thirty, anywhere in between', () => {
    for (let tries = 1; tries < 40; tries++) {
      expect(pause(tries, 0)).toBe(1000);
      expect(pause(tries, 1)).toBe(1000 * Math.min(30, 2 ** tries));
    }
  });
});

describe('who is here', () => {
  const person = (session: string, name = session): Person => ({
    session,
    name,
    color: 0,
    actor: null,
    field: null,
    view: null,
    since: '',
  });
  it('changes in place, adds at the end, forgets who left', () => {
    const people = [person('a'), person('b'), person('c')];
    const now = changed(people, [person('b', 'Ana'), person('d')], ['a']);
    expect(now.map((p) => p.name)).toEqual(['Ana', 'c', 'd']);
  });
});

/** A socket whose other end is the test. */
class Wire {
  static all: Wire[] = [];
  readyState = 0;
  sent: { type: string; seen?: unknown; [key: string]: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Wire.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  connect() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  hellos() {
    return this.sent.filter((m) => m.type === 'hello').map((m) => m.seen);
  }
}
const welcome = (epoch = 1, head = 0) => ({
  type: 'welcome',
  v: 1,
  epoch,
  head,
  you: { session: 's1', name: 'visiteur 1', color: 0 },
  role: 'visitor',
  beat_seconds: 15,
});
const edits = (after: number, upto: number, seqs: number[], epoch = 1) => ({
  type: 'edits',
  epoch,
  after,
  upto,
  edits: seqs.map((seq) => ({ seq, id: `e${seq}`, subject: { kind: 'actor', id: 'a' } })),
  features: [],
  gone: [],
});

describe('the socket', () => {
  let socket: Socket;
  let heard: number[];
  const page = new EventTarget() as EventTarget & { hidden: boolean };
  const wire = () => Wire.all.at(-1)!;

  beforeEach(() => {
    vi.useFakeTimers();
    Wire.all = [];
    page.hidden = false;
    const events = new EventTarget();
    vi.stubGlobal('document', page);
    vi.stubGlobal('location', { protocol: 'http:', host: 'x' });
    vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
    vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
    vi.stubGlobal('dispatchEvent', events.dispatchEvent.bind(events));
    socket = new Socket(
      () => new Wire() as unknown as WebSocket,
      () => 0.5,
    );
    heard = [];
    socket.on('edits', (m) => heard.push(...m.edits.map((e) => e.seq)));
    socket.open('solvigne', [1, 10]);
  });
  afterEach(() => {
    socket.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  function greet() {
    wire().connect();
    wire().say(welcome());
  }

  it('is open only after the welcome, and sends nothing before', () => {
    wire().connect();
    expect(socket.state).toBe('connecting');
    expect(socket.send([])).toBe(false);
    wire().say(welcome());
    expect(socket.state).toBe('open');
    expect(socket.send([])).toBe(true);
    expect(wire().hellos()).toEqual([[1, 10]]);
  });

  it('tells each edit once, whatever the ranges', () => {
    greet();
    wire().say(edits(10, 12, [11, 12]));
    wire().say(edits(11, 14, [12, 14]));
    expect(heard).toEqual([11, 12, 14]);
    expect(socket.at).toEqual([1, 14]);
  });

  it('says hello again when something is missing, and takes nothing until it is told', () => {
    greet();
    wire().say(edits(12, 13, [13]));
    wire().say(edits(13, 14, [14]));
    expect(heard).toEqual([]);
    expect(wire().hellos()).toEqual([
      [1, 10],
      [1, 10],
    ]);
    wire().say(welcome());
    wire().say(edits(10, 14, [11, 13, 14]));
    expect(heard).toEqual([11, 13, 14]);
  });

  it('sees a lost last message at the next beat', () => {
    greet();
    wire().say({ type: 'beat', epoch: 1, after: 12, upto: 12 });
    expect(wire().hellos()).toHaveLength(2);
  });

  it('reads everything again after a snapshot', () => {
    const snapshots: number[] = [];
    socket.on('snapshot', (m) => snapshots.push(m.epoch));
    greet();
    wire().say({ type: 'snapshot', epoch: 2, head: 7 });
    wire().say(edits(7, 8, [8], 2));
    expect(snapshots).toEqual([2]);
    expect(heard).toEqual([8]);
  });

  it('comes back after a pause with the position it holds, at once when the network is back', () => {
    greet();
    wire().say(edits(10, 12, [12]));
    wire().close();
    expect(socket.state).toBe('waiting');
    vi.advanceTimersByTime(1400);
    expect(Wire.all).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(Wire.all).toHaveLength(2);
    wire().close();
    dispatchEvent(new Event('online'));
    expect(Wire.all).toHaveLength(3);
    greet();
    expect(wire().hellos()).toEqual([[1, 12]]);
  });

  it('stays away as long as the server asked, whatever the network says', () => {
    greet();
    wire().say({ type: 'bye', code: 'slow', retry_ms: 4000 });
    dispatchEvent(new Event('online'));
    vi.advanceTimersByTime(4900);
    expect(Wire.all).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(Wire.all).toHaveLength(2);
  });

  it('gives up on a socket that went silent', () => {
    greet();
    vi.advanceTimersByTime(37_000);
    expect(socket.state).toBe('open');
    vi.advanceTimersByTime(1000);
    expect(socket.state).toBe('waiting');
  });

  it('shows nobody while it is not connected, and says who it is when it comes back', () => {
    socket.present({ nickname: 'Ana' });
    greet();
    wire().say({ type: 'people', here: 3, people: [{ session: 's2', name: 'Céleri' }], left: [] });
    expect([socket.here, socket.people.length]).toEqual([3, 1]);
    wire().close();
    expect([socket.here, socket.people.length]).toEqual([0, 0]);
    vi.advanceTimersByTime(2000);
    wire().connect();
    expect(wire().sent[0]).toMatchObject({ type: 'hello', nickname: 'Ana' });
  });

  it('tells presence four times a second at most, the last one always', () => {
    greet();
    const before = wire().sent.length;
    for (let i = 0; i < 20; i++) {
      socket.present({ typing: { name: `nom ${i}`, lon: 0, lat: 0 } });
      vi.advanceTimersByTime(50);
    }
    vi.advanceTimersByTime(500);
    const told = wire().sent.slice(before);
    expect(told.length).toBeLessThanOrEqual(6);
    expect(told.at(-1)).toMatchObject({ typing: { name: 'nom 19' } });
  });
});
