import { describe, expect, it } from 'vitest';
import {
  afterEdit,
  answerEdit,
  applyEdit,
  canFold,
  changedSince,
  featuresOf,
  fold,
  readAck,
  rebase,
  setDelta,
  setEdit,
  withPending,
} from './journal';
import type { LiveEdit } from '../live/messages';
import type { Ack, Actor, Edit } from './types';

const NOW = '2026-11-22T10:00:00Z';
const actor: Actor = {
  id: 'a1',
  territory: 'solvigne',
  state: 'confirmed',
  fields: { name: 'La Fanfare', primary_category: 'CUL.practice', tags: ['cuivres'] },
  versions: { name: [1, 4], website: [1, 9] },
  version: [1, 9],
  provenance: { name: { by: 'Ana', at: '2026-01-01T00:00:00Z', source: null } },
  places: [{ id: 'p1', lon: -1.79, lat: 47.71, precision: 'exact', address: { street: 'Rue Haute' } }],
  territories: ['solvigne'],
  source: null,
  created_at: NOW,
  updated_at: NOW,
  url: '/solvigne/acteurs/a1',
};
const ack = (part: Partial<Ack>): Ack => ({
  id: 'e1',
  result: 'applied',
  seq: 10,
  epoch: 1,
  fields: {},
  ...part,
});
const create: Edit = {
  id: 'e0',
  subject: { kind: 'actor', id: 'a2' },
  kind: 'create',
  territory: 'solvigne',
  set: {
    name: 'Kiosque',
    'place/p1/position': { lon: 1, lat: 2, precision: 'exact' },
    'place/p1/address': { street: 'Rue Basse' },
  },
};

describe('making an edit', () => {
  it('carries the version that was seen of each field, and none for a field that was empty', () => {
    const edit = setEdit('e1', actor, { name: 'La Grande Fanfare', phone: '02' });
    expect(edit.base).toEqual({ name: [1, 4] });
  });
  it('answers a conflict on the version that won', () => {
    const conflict = {
      field: 'name',
      mine: 'b',
      theirs: 'a',
      by: 'Ana',
      at: NOW,
      version: [1, 12] as [number, number],
      deleted: false,
    };
    expect(answerEdit('e2', 'a1', conflict, 'b')).toMatchObject({
      kind: 'set',
      set: { name: 'b' },
      base: { name: [1, 12] },
    });
  });
  it('turns two sets into what was added and what was removed', () => {
    expect(setDelta(['a', 'b'], ['b', 'c'])).toEqual({ add: ['c'], remove: ['a'] });
  });
});

describe('reading an acknowledgement', () => {
  const edit = setEdit('e1', actor, { name: 'x', phone: 'y', rna: 'z' });
  it('separates what went through, what conflicts and what is refused', () => {
    const outcome = readAck(
      edit,
      ack({
        fields: {
          phone: { result: 'applied' },
          name: { result: 'conflict', mine: 'x', theirs: 'w', by: 'Ana', at: NOW, version: [1, 8] },
          rna: { result: 'refused', code: 'pattern', message: 'Il manque un chiffre.' },
        },
      }),
    );
    expect(outcome.done).toEqual(['phone']);
    expect(outcome.conflicts).toMatchObject([{ field: 'name', mine: 'x', theirs: 'w', version: [1, 8] }]);
    expect(outcome.refused).toEqual([{ field: 'rna', message: 'Il manque un chiffre.' }]);
  });
  it('keeps every value of an edit that met a deleted actor', () => {
    const outcome = readAck(edit, ack({ result: 'conflict', deleted: true }));
    expect(outcome.conflicts.map((c) => [c.field, c.mine, c.deleted])).toEqual([
      ['name', 'x', true],
      ['phone', 'y', true],
      ['rna', 'z', true],
    ]);
  });
  it('keeps the sentence of an edit refused as a whole', () => {
    expect(readAck(edit, ack({ result: 'refused', message: 'Lien de lecture seule.' })).refused).toEqual([
      { field: null, message: 'Lien de lecture seule.' },
    ]);
  });
});

describe('an edit that waits behind another', () => {
  const edit = setEdit('e1', actor, { name: 'x' });
  const waiting = setEdit('e2', actor, { name: 'y' });
  it("sees its own person's earlier change as known", () => {
    expect(rebase(waiting, edit, ack({ fields: { name: { result: 'applied' } } })).base).toEqual({
      name: [1, 10],
    });
  });
  it('keeps its base when the earlier one conflicted, so that nothing is overwritten unseen', () => {
    expect(rebase(waiting, edit, ack({ fields: { name: { result: 'conflict' } } })).base).toEqual({
      name: [1, 4],
    });
  });
  it('does not take for seen what somebody else wrote before the answer came', () => {
    const now = { ...actor, fields: { name: 'autre' }, versions: { name: [1, 11] } } as unknown as Actor;
    for (const result of ['applied', 'same', 'merged'] as const) {
      const base = rebase(waiting, edit, ack({ fields: { name: { result } }, actor: now })).base;
      expect(base, result).toEqual({ name: result === 'applied' ? [1, 10] : [1, 4] });
    }
  });
  it('knows the version of a value that was there already', () => {
    const now = { ...actor, fields: { name: 'x' }, versions: { name: [1, 9] } } as unknown as Actor;
    const same = ack({ seq: null, fields: { name: { result: 'same' } }, actor: now });
    expect(rebase(waiting, edit, same).base).toEqual({ name: [1, 9] });
  });
  it('folds later typing in, on the version seen first', () => {
    const later = setEdit('e3', { ...actor, versions: { name: [1, 99] } }, { name: 'z' });
    expect(canFold(waiting, later)).toBe(true);
    expect(fold(waiting, later)).toMatchObject({ id: 'e2', set: { name: 'z' }, base: { name: [1, 4] } });
  });
});

describe('showing an edit before it is acknowledged', () => {
  it('makes a whole actor of a creation, with its place', () => {
    const made = applyEdit(null, create, NOW)!;
    expect(made).toMatchObject({ id: 'a2', state: 'to_check', fields: { name: 'Kiosque' } });
    expect(made.places).toEqual([
      { id: 'p1', lon: 1, lat: 2, precision: 'exact', address: { street: 'Rue Basse' } },
    ]);
  });
  it('lays waiting edits over the actor in order, clearing what is cleared', () => {
    const shown = withPending(
      actor,
      [setEdit('1', actor, { name: 'A' }), setEdit('2', actor, { name: 'B', primary_category: null })],
      NOW,
    )!;
    expect(shown.fields.name).toBe('B');
    expect('primary_category' in shown.fields).toBe(false);
    expect(actor.fields.name).toBe('La Fanfare');
  });
  it('adds to a set without doubling and removes from it', () => {
    const edit = (kind: 'add' | 'remove', values: string[]): Edit => ({
      id: '1',
      subject: { kind: 'actor', id: 'a1' },
      kind,
      set: { tags: values },
    });
    expect(applyEdit(actor, edit('add', ['cuivres', 'rue']), NOW)!.fields.tags).toEqual(['cuivres', 'rue']);
    expect(applyEdit(actor, edit('remove', ['cuivres']), NOW)!.fields.tags).toEqual([]);
  });
  it('gives one line per place, and one without geometry when there is no place', () => {
    expect(featuresOf(actor)[0]).toMatchObject({
      geometry: { coordinates: [-1.79, 47.71] },
      properties: { theme: 'CUL', street: 'Rue Haute' },
    });
    expect(featuresOf({ ...actor, places: [] })).toMatchObject([
      { geometry: null, properties: { id: 'a1' } },
    ]);
  });
});

describe('an edit of somebody else, told field by field', () => {
  const told = (part: Partial<LiveEdit>): LiveEdit => ({
    seq: 12,
    id: 'e9',
    kind: 'set',
    subject: { kind: 'actor', id: 'a1' },
    by: 'Céleri',
    session: null,
    at: NOW,
    seance: null,
    ...part,
  });
  const lines = featuresOf({ ...actor, state: 'to_check' });
  it('changes its fields with who and when, and leaves the others as they were', () => {
    const fields = { website: 'https://fanfare.example', tags: null };
    const next = afterEdit(actor, 1, told({ fields }), lines)!;
    expect(next.fields).toEqual({
      name: 'La Fanfare',
      primary_category: 'CUL.practice',
      website: 'https://fanfare.example',
    });
    expect(next.provenance.website).toEqual({ by: 'Céleri', at: NOW, source: null });
    expect(next.versions).toEqual({ name: [1, 4], website: [1, 12], tags: [1, 12] });
    expect([next.version, next.state]).toEqual([[1, 12], 'to_check']);
    expect(changedSince(next, [1, 9]).sort()).toEqual(['tags', 'website']);
  });
  it('moves a place and keeps its address', () => {
    const fields = { 'place/p1/position': { lon: 1, lat: 2, precision: 'street' as const } };
    const [place] = afterEdit(actor, 1, told({ fields }), lines)!.places;
    expect(place).toMatchObject({ lon: 1, lat: 2, precision: 'street', address: { street: 'Rue Haute' } });
  });
  it('is not enough to know an actor that went, came back, or was told without values', () => {
    const fields = { deleted: 'yes' };
    for (const part of [{}, { kind: 'delete' as const, fields }, { kind: 'restore' as const, fields }])
      expect(afterEdit(actor, 1, told(part), lines)).toBeNull();
    expect(afterEdit(actor, 1, told({ fields }), [])).toBeNull();
  });
});
