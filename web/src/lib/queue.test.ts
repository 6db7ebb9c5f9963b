import { describe, expect, it } from 'vitest';
import { added, answered, backoff, memoryShelf, nextToSend, type Pending } from './queue';
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
