/** Séances without a screen: hours, cells, cards, addresses, and their words. */
import { describe, expect, it } from 'vitest';
import en from '../i18n/en.json';
import fr from '../i18n/fr.json';
import seanceEn from '../i18n/seance.en.json';
import seanceFr from '../i18n/seance.fr.json';
import teamEn from '../i18n/team.en.json';
import teamFr from '../i18n/team.fr.json';
import { addSeanceWords } from '../i18n';
import type { Pending } from '../lib/queue';
import { parseRoute, paths } from '../lib/routes';
import type { Territory } from '../lib/types';
import { areaOf, boxOf } from './area';
import { blank, editOf, isBlank, lacks, stateOf, withRoom, type Card } from './cards';
import { covered, filtered, laid, percent, seen, shapes } from './cells';
import { sayCell, sayGesture } from './said';
import { evening, hour, lasting, sayLeft, span, until } from './times';
import type { Cell } from './types';

await addSeanceWords();
const ID = '0190a5c4-0000-7000-8000-000000000001';
const at = (text: string) => Date.parse(text);
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('the addresses of the séances', () => {
  it('are screens of a territory, and a door of their own', () => {
    expect(parseRoute('/redon/seances')).toEqual({ name: 'seances', slug: 'redon' });
    expect(parseRoute(paths.seance('redon', ID))).toEqual({ name: 'seance', slug: 'redon', id: ID });
    expect(parseRoute(`/redon/seances/${ID}/ecran`)).toEqual({ name: 'screen', slug: 'redon', id: ID });
    expect(parseRoute('/s')).toEqual({ name: 'join', id: null });
    expect(parseRoute(`/s/${ID}`)).toEqual({ name: 'join', id: ID });
  });
  it('are lost when they are nothing of the kind', () => {
    for (const path of ['/redon/seances/x', `/redon/seances/${ID}/autre`, '/s/x', `/s/${ID}/x`])
      expect(parseRoute(path)).toEqual({ name: 'lost' });
  });
});

describe('the hours of a séance', () => {
  it('are this evening by default', () =>
    expect(evening(at('2026-05-14T09:00'))).toEqual({ day: '2026-05-14', from: '18:30', to: '21:30' }));
  it('are from now on once the evening has begun', () => {
    expect(evening(at('2026-05-14T20:10'))).toMatchObject({ from: '20:10', to: '22:10' });
    expect(evening(at('2026-05-14T19:00'))).toMatchObject({ from: '19:00', to: '21:30' });
  });
  it('end the day after when the end comes before the start', () => {
    const times = span({ day: '2026-05-14', from: '22:30', to: '00:30' })!;
    expect(Date.parse(times.ends_at) - Date.parse(times.starts_at)).toBe(2 * 3_600_000);
    expect(times.starts_at).toMatch(/^2026-05-14T\d\d:30:00Z$/);
    expect(span({ day: '', from: '22:30', to: '00:30' })).toBeNull();
  });
  it('are said in words', () => {
    const from = new Date(at('2026-05-14T18:30')).toISOString();
    const to = new Date(at('2026-05-14T21:00')).toISOString();
    expect(hour(from)).toBe('18 h 30');
    expect(hour(to)).toBe('21 h');
    expect(plain(sayLeft(from, to, at('2026-05-14T16:30')))).toBe('Commence dans 2 h');
    expect(plain(sayLeft(from, to, at('2026-05-14T20:22')))).toBe('Encore 38 min');
    expect(sayLeft(from, to, at('2026-05-14T21:00'))).toBe('Finie');
    expect(plain(until(to, at('2026-05-14T20:00')))).toBe('21 h');
    expect(plain(until(to, at('2026-05-13T20:00')))).toBe('demain à 21 h');
    expect(plain(lasting(80 * 60_000))).toBe('1 h 20');
    expect(plain(lasting(3 * 86_400_000))).toBe('3 jours');
  });
});

const territory = {
  slug: 'redon',
  quartiers: [{ slug: 'port', name: 'Port', bbox: [1, 2, 3, 4], boundary: null }],
} as unknown as Territory;

describe('the area of a séance', () => {
  it('is nothing for the whole territory, and a shape for a part of it', () => {
    expect(areaOf({ kind: 'whole', quartier: 'port', box: [1, 2, 3, 4] }, territory)).toBeNull();
    expect(boxOf(areaOf({ kind: 'quartier', quartier: 'port', box: null }, territory))).toEqual([1, 2, 3, 4]);
    expect(boxOf(areaOf({ kind: 'view', quartier: '', box: [5, 6, 7, 8] }, territory))).toEqual([5, 6, 7, 8]);
    expect(areaOf({ kind: 'view', quartier: '', box: null }, territory)).toBeNull();
    expect(boxOf(null)).toBeNull();
  });
});

const cell = (part: Partial<Cell>): Cell => ({
  id: 'c1',
  key: 'port',
  name: 'Port',
  bbox: [1, 2, 3, 4],
  boundary: null,
  state: null,
  team: null,
  note: null,
  actors: 0,
  edits: 0,
  version: null,
  versions: {},
  ...part,
});
const waiting = (state: Pending['state'], set: Record<string, string | null>): Pending => ({
  id: 'e1',
  edit: { id: 'e1', subject: { kind: 'cell', id: 'c1' }, kind: 'set', set },
  state,
  at: 0,
  name: 'Port',
  slug: 'redon',
});

describe('the cells of a séance', () => {
  const cells = [
    cell({ id: 'a' }),
    cell({ id: 'b', state: 'claimed', team: 'Ana' }),
    cell({ id: 'c', state: 'done' }),
    cell({ id: 'd', state: 'nothing' }),
  ];
  it('are counted: looked at is looked at, even with nothing there', () => {
    const coverage = covered(cells);
    expect(coverage).toEqual({ total: 4, claimed: 1, done: 1, nothing: 1 });
    expect([seen(coverage), percent(coverage)]).toEqual([2, 50]);
    expect(percent(covered([]))).toBe(0);
  });
  it('show what waits to be sent, but not what met another answer', () => {
    const claim = { state: 'claimed', team: 'Céleri' };
    expect(laid(cell({}), [waiting('sent', claim)])).toMatchObject(claim);
    expect(laid(cell({}), [waiting('conflict', claim)])).toMatchObject({ state: null, team: null });
    expect(laid(cell({ id: 'other' }), [waiting('waiting', claim)]).state).toBeNull();
    const back = waiting('waiting', { state: null, team: null });
    expect(laid(cell({ state: 'claimed', team: 'Ana' }), [back]).team).toBeNull();
  });
  it('are found by who has them', () => {
    expect(filtered(cells, 'free', '').map((c) => c.id)).toEqual(['a']);
    expect(filtered(cells, 'mine', 'Ana').map((c) => c.id)).toEqual(['b']);
    expect(filtered(cells, 'mine', '')).toEqual([]);
  });
  it('are drawn as their box when they have no outline', () => {
    const [shape] = shapes([cells[1]!], 'b');
    expect(shape!.geometry.type).toBe('Polygon');
    expect(shape!.properties).toMatchObject({ state: 'claimed', chosen: true });
  });
  it('are said in words', () => {
    expect(cells.map(sayCell)).toEqual(['Libre', 'Prise par Ana', 'Vue', 'Vue, rien ici']);
  });
});

describe('gestures', () => {
  const gesture = { nickname: 'Ana', color: 1, actor: 'x', name: 'X', category: '', at: '' };
  it('are said in words', () => {
    expect(sayGesture({ ...gesture, kind: 'added', field: null })).toBe('Ana vient de l’ajouter');
    expect(sayGesture({ ...gesture, kind: 'confirmed', field: 'confirmed_on' })).toBe('Ana l’a confirmé');
    expect(plain(sayGesture({ ...gesture, kind: 'completed', field: 'opening_hours' }))).toBe(
      'Ana a complété : horaires',
    );
  });
});

describe('paper cards', () => {
  const card = (part: Partial<Card>): Card => ({ ...blank('a1', 'e1'), ...part });
  const place = {
    kind: 'point' as const,
    lon: 2,
    lat: 3,
    precision: 'exact' as const,
    address: { street: 'Rue du Port' },
    text: '',
  };
  it('need a name, and a place that was found or none', () => {
    expect(lacks(card({}))).toBe('name');
    expect(lacks(card({ name: 'X', where: 'rue' }))).toBe('where');
    expect(lacks(card({ name: 'X' }))).toBeNull();
    expect(lacks(card({ name: 'X', where: 'rue du Port', place }))).toBeNull();
  });
  it('become one creation', () => {
    const edit = editOf(card({ name: ' X ', theme: 'CUL', summary: ' On joue. ', place }), territory);
    expect(edit).toMatchObject({ id: 'e1', kind: 'create', territory: 'redon', subject: { id: 'a1' } });
    expect(edit.set).toEqual({
      name: 'X',
      primary_category: 'CUL',
      summary: 'On joue.',
      'place/p1/position': { lon: 2, lat: 3, precision: 'exact' },
      'place/p1/address': { street: 'Rue du Port' },
    });
    expect(editOf(card({ name: 'X' }), territory).set).toEqual({ name: 'X' });
  });
  it('say how far they are', () => {
    const sent = card({ name: 'X', sent: true });
    const pending = (state: Pending['state']): Pending => ({
      id: 'e1',
      edit: editOf(sent, territory),
      state,
      at: 0,
      name: 'X',
      slug: 'redon',
    });
    expect(stateOf(card({}), [], false)).toBe('typing');
    expect(stateOf(sent, [pending('sent')], false)).toBe('sending');
    expect(stateOf(sent, [pending('waiting')], true)).toBe('kept');
    expect(stateOf(sent, [pending('refused')], false)).toBe('refused');
    expect(stateOf(sent, [], false)).toBe('online');
    expect(stateOf(card({ same: 'b' }), [], false)).toBe('same');
  });
  it('always leave an empty one to type on', () => {
    let made = 0;
    const fresh = () => blank(`n${++made}`, `m${made}`);
    expect(withRoom([], fresh)).toHaveLength(1);
    expect(withRoom([card({ name: 'X' })], fresh)).toHaveLength(2);
    expect(withRoom([card({ name: 'X', sent: true })], fresh)).toHaveLength(2);
    expect(withRoom([card({})], fresh)).toHaveLength(1);
    expect(isBlank(card({ summary: ' ' }))).toBe(true);
  });
});

describe('the catalogues of the séances', () => {
  const texts = (catalogue: Record<string, unknown>) =>
    Object.values(catalogue).flatMap((v) => (typeof v === 'string' ? [v] : Object.values(v as object)));
  it('keep French punctuation with the word before it', () =>
    expect(texts(seanceFr).filter((s) => / [:;!?»%]|« /.test(s as string))).toEqual([]));
  it('hold the same placeholders in both languages', () => {
    const holes = (v: unknown) => [...new Set(JSON.stringify(v).match(/\{\w+\}/g) ?? [])].sort();
    for (const key of Object.keys(seanceFr) as (keyof typeof seanceFr)[])
      expect([key, holes(seanceEn[key])]).toEqual([key, holes(seanceFr[key])]);
  });
  it('never take a key of the others', () => {
    const common = { ...fr, ...en, ...teamFr, ...teamEn };
    expect(Object.keys({ ...seanceFr, ...seanceEn }).filter((key) => key in common)).toEqual([]);
  });
});
