import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Refused, Unreachable } from '../lib/api';
import { initials, tintOf } from '../lib/people';
import type { Edit, EditsAnswer, Territory } from '../lib/types';
import { Sending } from './sending';
import type { Socket } from './socket.svelte';
import { told, whereabouts } from './whereabouts';

/** Stands for the socket: what is said to it is kept, what it tells comes from the test. */
class Wire {
  open = true;
  sent: Edit[] = [];
  reconnects = 0;
  readonly #listeners = new Map<string, (message: unknown) => void>();
  on(type: string, listener: (message: unknown) => void) {
    this.#listeners.set(type, listener);
  }
  send(edits: Edit[]) {
    if (this.open) this.sent.push(...edits);
    return this.open;
  }
  reconnect() {
    this.reconnects += 1;
  }
  tell(type: string, message: unknown) {
    this.#listeners.get(type)?.(message);
  }
}
const edit = (id: string): Edit => ({ id, subject: { kind: 'actor', id: 'a' }, kind: 'set' });
const posted: EditsAnswer = { epoch: 1, head: 9, results: [] };

describe('sending over the socket', () => {
  let wire: Wire;
  let sending: Sending;
  const post = vi.fn(async () => posted);
  beforeEach(() => {
    wire = new Wire();
    post.mockClear();
    sending = new Sending(wire as unknown as Socket, post);
  });

  it('pairs each edit with its own acknowledgement, in whatever order they come', async () => {
    const one = sending.courier(edit('1'), undefined);
    const two = sending.courier(edit('2'), undefined);
    wire.tell('acks', { epoch: 1, head: 8, results: [{ id: '2', seq: 8 }] });
    wire.tell('acks', { epoch: 1, head: 9, results: [{ id: '1', seq: 9 }] });
    expect((await one)?.results).toEqual([{ id: '1', seq: 9 }]);
    expect((await two)?.results).toEqual([{ id: '2', seq: 8 }]);
    expect(post).not.toHaveBeenCalled();
  });
  it('leaves it to a request while the socket is not open', () => {
    wire.open = false;
    expect(sending.courier(edit('1'), undefined)).toBeNull();
  });
  it('posts what needs an identity first, and connects anew with it', async () => {
    const answer = sending.courier(edit('1'), undefined);
    wire.tell('refused', { ids: ['1'], status: 401, code: 'no_identity', detail: '', retry_after: null });
    expect(await answer).toBe(posted);
    expect(wire.reconnects).toBe(1);
  });
  it('hands a refusal on with its sentence and its pause', async () => {
    const answer = sending.courier(edit('1'), undefined)!;
    wire.tell('refused', { ids: ['1'], status: 429, code: 'quota', detail: 'Plus tard.', retry_after: 30 });
    const error = await answer.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ status: 429, message: 'Plus tard.', retryAfter: 30 });
  });
  it('knows nothing of an edit whose connection went, and gives up on a silent one', async () => {
    vi.useFakeTimers();
    const lost = sending.courier(edit('1'), undefined)!.catch((e: unknown) => e);
    wire.tell('lost', null);
    expect(await lost).toBeInstanceOf(Unreachable);
    const silent = sending.courier(edit('2'), undefined)!.catch((e: unknown) => e);
    vi.advanceTimersByTime(10_000);
    expect(await silent).toBeInstanceOf(Unreachable);
    expect(wire.reconnects).toBe(1);
    vi.useRealTimers();
  });
});

describe('where somebody looks, in words', () => {
  const whole: [number, number, number, number] = [0, 0, 10, 10];
  const ring = [
    [6, 6],
    [9, 6],
    [9, 9],
    [6, 9],
    [6, 6],
  ];
  const quartiers = [
    { name: 'La Gare', bbox: [6, 6, 9, 9], boundary: { type: 'Polygon', coordinates: [ring] } },
  ] as unknown as Territory['quartiers'];
  it('is the whole, near, a quartier or a part', () => {
    const at = (view: typeof whole | null, mine: typeof whole | null = null) =>
      whereabouts(view, mine, whole, quartiers);
    expect(at(null)).toBeNull();
    expect(at([-1, -1, 11, 11])).toEqual({ is: 'all' });
    expect(at([7, 7, 8, 8])).toEqual({ is: 'in', name: 'La Gare' });
    expect(at([7, 7, 8, 8], [6.5, 6.5, 8.5, 8.5])).toEqual({ is: 'near' });
    // Whoever sees everything is near nobody in particular.
    expect(at([7, 7, 8, 8], [-1, -1, 11, 11])).toEqual({ is: 'in', name: 'La Gare' });
    expect(at([1, 1, 2, 2])).toEqual({ is: 'part' });
  });
  it('is told to about ten metres', () => {
    expect(told([1.23456, 2, 3, 4])).toEqual([1.2346, 2, 3, 4]);
    expect(told(null)).toBeNull();
  });
});

describe('how a person is drawn', () => {
  it('has two letters, or the number that tells who it is', () => {
    expect(['Céleri', 'visiteur 3', 'Ana 2', '🌻', 'visiteur\u00a012'].map(initials)).toEqual([
      'Cé',
      'V3',
      'A2',
      '🌻',
      'V12',
    ]);
  });
  it('has the colour that was chosen, else always the same', () => {
    expect(tintOf('Ana', 3)).toBe('d');
    expect(tintOf('Ana')).toBe(tintOf('Ana'));
  });
});
