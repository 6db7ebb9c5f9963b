import { describe, expect, it } from 'vitest';
import {
  added,
  answered,
  backoff,
  memoryShelf,
  nextToSend,
  toOffer,
  type Acked,
  type Pending,
} from './queue';
import type { Ack, Edit } from './types';

const pending = (
  id: string,
  actor: string,
  part: Partial<Pending> = {},
  set: Edit['set'] = { name: id },
): Pending => ({
  id,
  edit: { id, subject: { kind: 'actor', id: actor }, kind: 'set', set, base: { name: [1, 1] } },
  state: 'waiting',
  at: 0,
  name: 'x',
  slug: 's',
  ...part,
});
const ack = (id: string, part: Partial<Ack> = {}): Ack => ({
  id,
  result: 'applied',
  seq: 7,
  epoch: 1,
  fields: { name: { result: 'applied' } },
  ...part,
});

describe('the queue', () => {
  it('folds typing into an edit that has not left yet', () => {
    const { queue, stored } = added([pending('1', 'a')], pending('2', 'a'));
    expect(queue).toHaveLength(1);
    expect(stored).toMatchObject({ id: '1', edit: { set: { name: '2' } } });
  });
  it('never touches an edit that was sent: later typing becomes the next one', () => {
    const { queue } = added([pending('1', 'a', { state: 'sent' })], pending('2', 'a'));
    expect(queue.map((p) => [p.id, p.edit.set])).toEqual([
      ['1', { name: '1' }],
      ['2', { name: '2' }],
    ]);
  });
  it('sends one edit at a time per actor, unanswered ones again with the same id', () => {
    const queue = [pending('1', 'a', { state: 'sent' }), pending('2', 'a'), pending('3', 'b')];
    expect(nextToSend(queue, 0)?.id).toBe('1');
    expect(nextToSend(queue.slice(1), 0)?.id).toBe('2');
  });
  it('does not send what waits for a person, nor what is too early for the form', () => {
    const queue = [
      pending('1', 'a', { state: 'conflict' }),
      pending('2', 'b', { form: { token: 't', trap: '', notBefore: 50 } }),
    ];
    expect(nextToSend(queue, 0)).toBeNull();
    expect(nextToSend(queue, 50)?.id).toBe('2');
  });
});

describe('an acknowledgement', () => {
  it('makes an applied edit leave and moves the base of the next one', () => {
    const actor = { id: 'a', versions: { name: [1, 7] } } as unknown as Ack['actor'];
    const { queue } = answered(
      [pending('1', 'a', { state: 'sent' }), pending('2', 'a')],
      '1',
      ack('1', { actor }),
    );
    expect(queue).toHaveLength(1);
    expect(queue[0]).toMatchObject({ id: '2', edit: { base: { name: [1, 7] } } });
  });
  it('keeps a conflicting edit with both values', () => {
    const { queue } = answered(
      [pending('1', 'a', { state: 'sent' })],
      '1',
      ack('1', {
        result: 'conflict',
        fields: { name: { result: 'conflict', mine: '1', theirs: 'z', version: [1, 3] } },
      }),
    );
    expect(queue[0]).toMatchObject({ state: 'conflict', conflicts: [{ mine: '1', theirs: 'z' }] });
  });
  it('keeps a refused edit with the sentence, so that the text can be corrected', () => {
    const { queue } = answered(
      [pending('1', 'a', { state: 'sent' })],
      '1',
      ack('1', {
        result: 'refused',
        fields: { name: { result: 'refused', message: 'Trop long.' } },
      }),
    );
    expect(queue[0]).toMatchObject({
      state: 'refused',
      message: 'Trop long.',
      fields: { name: 'Trop long.' },
    });
  });
});

describe('waiting for the network', () => {
  it('waits longer each time, at most a minute', () => {
    expect([1, 2, 3, 4].map((n) => backoff(n, 1))).toEqual([2, 4, 8, 16]);
    expect(backoff(50, 1)).toBe(60);
    expect(backoff(3, 0)).toBe(4);
  });
});

describe('the shelf', () => {
  it('gives back edits in the order they were written, and drafts as they were', async () => {
    const shelf = memoryShelf();
    await shelf.put(pending('2', 'a', { at: 2 }));
    await shelf.put(pending('1', 'a', { at: 1 }));
    await shelf.keep('add:s', { name: 'Kio' });
    expect((await shelf.all()).map((p) => p.id)).toEqual(['1', '2']);
    expect(await shelf.draft('add:s')).toEqual({ name: 'Kio' });
    await shelf.forget('add:s');
    expect(await shelf.draft('add:s')).toBeUndefined();
  });
});

describe('a server that went back to a backup', () => {
  const kept = (id: string, epoch: number): Acked => ({ ...pending(id, 'a'), epoch, ackedAt: 0 });
  it('is offered what another history acknowledged, under the same ids, unless it is on its way', () => {
    const offered = toOffer([kept('1', 1), kept('2', 1), kept('3', 2)], [pending('2', 'a')], 2);
    expect(offered.map((p) => [p.id, p.state, p.offered])).toEqual([['1', 'waiting', true]]);
  });
  it('is offered again what it refused in part: the answered conflict returns with it', () => {
    expect(toOffer([kept('1', 1)], [pending('1', 'a', { state: 'conflict' })], 2)).toHaveLength(1);
  });
  it('never gets other words under an id that it may know', () => {
    const { queue } = added([pending('1', 'a', { offered: true })], pending('9', 'a'));
    expect(queue.map((p) => p.id)).toEqual(['1', '9']);
  });
  it('gets a chain of edits on the versions that the first one makes now', () => {
    const queue = [pending('1', 'a', { offered: true }), pending('2', 'a', { offered: true })];
    const lost = answered(queue, '1', ack('1', { seq: 3, epoch: 2 }), 2);
    expect(lost.queue[0]!.edit.base).toEqual({ name: [2, 3] });
    // Known: the answer is the one of then, and what came after may be known as well.
    const known = answered(queue, '1', ack('1', { seq: 3, epoch: 1 }), 2);
    expect(known.queue[0]!.edit.base).toEqual({ name: [1, 1] });
  });
  it('is not offered the same edit twice: it is in one place or the other', async () => {
    const shelf = memoryShelf();
    await shelf.put(pending('1', 'a'));
    await shelf.done('1', kept('1', 1));
    expect([(await shelf.all()).length, (await shelf.acked()).length]).toEqual([0, 1]);
    await shelf.offer(toOffer(await shelf.acked(), [], 2));
    expect([(await shelf.all()).length, (await shelf.acked()).length]).toEqual([1, 0]);
  });
  it('gets nothing that is older than a week', async () => {
    const shelf = memoryShelf();
    await shelf.done('1', { ...kept('1', 1), ackedAt: 5 });
    await shelf.done('2', { ...kept('2', 1), ackedAt: 10 });
    await shelf.purge(10);
    expect((await shelf.acked()).map((a) => a.id)).toEqual(['2']);
  });
});
