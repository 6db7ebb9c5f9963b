import { beforeEach, describe, expect, it } from 'vitest';
import { outbox, type Courier } from './outbox.svelte';
import type { Pending } from './queue';
import type { Ack, Edit, EditsAnswer } from './types';

const pending = (id: string, part: Partial<Edit> = {}): Pending => ({
  id,
  edit: { id, subject: { kind: 'actor', id: `a${id}` }, kind: 'set', set: { name: id }, ...part },
  state: 'waiting',
  at: Date.now(),
  name: 'x',
  slug: 's',
});
let sent: Edit[];
/** Stands for the server: what it answers to each edit. */
function serve(answer: (edit: Edit) => Partial<Ack>, epoch = 1): void {
  outbox.courier = (async (edit) => {
    sent.push(edit);
    const ack: Ack = { id: edit.id, result: 'applied', seq: sent.length, epoch, fields: {}, ...answer(edit) };
    return { epoch, head: sent.length, results: [ack] } satisfies EditsAnswer;
  }) as Courier;
}

beforeEach(() => {
  sent = [];
});

describe('the outbox', () => {
  it('sends the same words as an ordinary contribution when the séance is over', async () => {
    serve((edit) => (edit.seance ? { result: 'refused', code: 'seance_over', seq: null } : {}));
    const answer = await outbox.add(pending('1', { seance: 'soir' }));
    expect(answer).toMatchObject({ ack: { result: 'applied' } });
    expect(sent).toHaveLength(2);
    expect(sent[1]).toMatchObject({ set: { name: '1' }, subject: { id: 'a1' } });
    expect(sent[1]!.seance).toBeUndefined();
    expect(sent[1]!.id).not.toBe('1');
    expect(outbox.queue).toEqual([]);
  });

  it('offers again what another history had acknowledged, with its id, and only then', async () => {
    serve(() => ({}));
    await outbox.add(pending('2'));
    expect(await outbox.inEpoch(1)).toBe(0);
    sent = [];
    serve(() => ({}), 7);
    // Both edits of this file so far were acknowledged in the first history.
    expect(await outbox.inEpoch(7)).toBe(2);
    await expect.poll(() => outbox.queue.length).toBe(0);
    expect(sent.map((e) => e.subject.id)).toEqual(['a1', 'a2']);
    expect(sent[1]!.id).toBe('2');
    expect(await outbox.inEpoch(7)).toBe(0);
  });
});
