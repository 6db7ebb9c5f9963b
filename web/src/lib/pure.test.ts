import { describe, expect, it, vi } from 'vitest';
import fr from '../i18n/fr.json';
import en from '../i18n/en.json';
import { arcs } from '../map/markers';
import { refusal, withQuery } from './api';
import { follow, judge, pace } from './changes';
import { hides, readFilters, toggleCategory, writeFilters, NO_FILTERS } from './filters';
import { contains, insidePolygon, parseBBox } from './geo';
import { shortcutOf } from './keys';
import { addressOf, fromAddress, positionOf } from './placing';
import { parseRoute } from './routes';
import type { ChangesAnswer, Territory } from './types';
import { uuidv7 } from './uuid';

const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('identifiers', () => {
  it('are version 7, carry their time and sort by it', () => {
    const id = uuidv7(0x0192_3456_789a, new Uint8Array(10).fill(255));
    expect(id).toBe('01923456-789a-7fff-bfff-ffffffffffff');
    expect(uuidv7(NOW) < uuidv7(NOW + 1)).toBe(true);
  });
});

describe('addresses of the site', () => {
  it.each([
    ['/', { name: 'directory' }],
    ['/solvigne', { name: 'home', slug: 'solvigne' }],
    ['/solvigne/carte', { name: 'map', slug: 'solvigne', actor: null }],
    ['/solvigne/acteurs/01a2', { name: 'map', slug: 'solvigne', actor: '01a2' }],
    ['/embed/solvigne', { name: 'embed', slug: 'solvigne' }],
    ['/mentions-legales', { name: 'legal' }],
    ['/solvigne/rien', { name: 'lost' }],
    ['/%zz', { name: 'lost' }],
  ])('%s leads to its screen', (path, route) => expect(parseRoute(path)).toEqual(route));
});

describe('filters', () => {
  it('survive the address and keep the keys of others', () => {
    const filters = {
      categories: ['ALI', 'SOL.food_aid'],
      toCheck: true,
      q: 'pain',
      area: 'le-centre',
      sort: 'oldest' as const,
    };
    const search = writeFilters('?test&nomap', filters, [-1.8, 47.6, -1.7, 47.7]);
    expect(search).toBe(
      '?test&nomap&category=ALI,SOL.food_aid&state=to_check&q=pain&area=le-centre&sort=oldest&bbox=-1.8,47.6,-1.7,47.7',
    );
    expect(readFilters(search)).toEqual(filters);
  });
  it('ignore what is not a category', () =>
    expect(readFilters('?category=ALI,<x>,zz').categories).toEqual(['ALI']));
  it('let a theme stand for its sub-categories', () => {
    const actor = { categories: ['ALI.amap'], state: 'confirmed' as const, name: 'Élan' };
    expect(hides({ ...NO_FILTERS, categories: ['ALI'] }, actor)).toBe(false);
    expect(hides({ ...NO_FILTERS, categories: ['ALI.compost'] }, actor)).toBe(true);
    expect(hides({ ...NO_FILTERS, q: 'elan' }, actor)).toBe(false);
    expect(hides({ ...NO_FILTERS, toCheck: true }, actor)).toBe(true);
  });
  it('replace sub-categories by their theme and the reverse', () => {
    expect(toggleCategory(['ALI.amap', 'SOL'], 'ALI')).toEqual(['SOL', 'ALI']);
    expect(toggleCategory(['ALI'], 'ALI.amap')).toEqual(['ALI.amap']);
    expect(toggleCategory(['ALI'], 'ALI')).toEqual([]);
  });
});

describe('boxes and polygons', () => {
  it('refuse an inverted or incomplete box', () => {
    expect(parseBBox('1,2,3,4')).toEqual([1, 2, 3, 4]);
    for (const bad of ['3,2,1,4', '1,2,3', 'a,b,c,d', null, '1,2,3,NaN']) expect(parseBBox(bad)).toBeNull();
  });
  it('know what lies inside, holes excluded', () => {
    const ring = (a: number, b: number) => [
      [a, a],
      [b, a],
      [b, b],
      [a, b],
      [a, a],
    ];
    const shape = { type: 'Polygon' as const, coordinates: [ring(0, 10), ring(4, 6)] };
    expect([insidePolygon(shape, 2, 2), insidePolygon(shape, 5, 5), insidePolygon(shape, 11, 2)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(contains([0, 0, 10, 10], [1, 1, 9, 9])).toBe(true);
  });
});

describe('a place', () => {
  const square = {
    type: 'Polygon' as const,
    coordinates: [
      [
        [0, 0],
        [2, 0],
        [2, 2],
        [0, 2],
        [0, 0],
      ],
    ],
  };
  const territory = {
    center: [1, 1],
    quartiers: [{ slug: 'q', name: 'Le Port', bbox: [0, 0, 2, 2], boundary: square, actors: 0 }],
  } as unknown as Territory;
  const choice = {
    kind: 'point' as const,
    lon: 0.1234567,
    lat: 1.7,
    precision: 'quartier' as const,
    address: { housenumber: '3', street: 'Rue Haute', city: 'S' },
    text: '',
  };
  it('sends only the middle of the quartier when asked', () => {
    expect(positionOf(choice, territory)).toEqual({ lon: 1, lat: 1, precision: 'quartier' });
    expect(addressOf(choice, territory)).toEqual({ quartier: 'Le Port', city: 'S' });
  });
  it('blurs the point when no quartier is known', () => {
    expect(positionOf(choice, { ...territory, quartiers: [] })).toEqual({
      lon: 0.12,
      lat: 1.7,
      precision: 'quartier',
    });
  });
  it('drops the house number when only the street is said', () => {
    expect(addressOf({ ...choice, precision: 'street' }, territory)).toEqual({
      street: 'Rue Haute',
      city: 'S',
    });
    expect(positionOf({ kind: 'online' }, territory)).toEqual({ precision: 'online' });
  });
  it('takes precision and parts from an address that was found', () => {
    const facts = {
      label: '',
      score: 1,
      name: '4 Rue Haute',
      postcode: '99350',
      city: 'S',
      citycode: '99935',
    };
    const house = { ...facts, type: 'housenumber' as const, housenumber: '4', street: 'Rue Haute' };
    const parts = {
      housenumber: '4',
      street: 'Rue Haute',
      postcode: '99350',
      city: 'S',
      insee_code: '99935',
    };
    expect(fromAddress({ lon: 0, lat: 0, properties: house }, '4')).toEqual({
      precision: 'exact',
      address: parts,
    });
    const street = { ...facts, type: 'street' as const, name: 'Rue Haute' };
    const found = fromAddress({ lon: 0, lat: 0, properties: street }, '99');
    expect(found).toEqual({ precision: 'street', address: { ...parts, housenumber: '99' } });
    expect(addressOf({ ...choice, ...found }, territory)).not.toHaveProperty('housenumber');
    const place = { ...facts, type: 'poi' as const, name: 'Médiathèque' };
    expect(fromAddress({ lon: 0, lat: 0, properties: place }, '4').address).not.toHaveProperty('street');
  });
});

describe('shortcuts', () => {
  const key = (k: string, more = {}) => ({ key: k, ctrlKey: false, metaKey: false, altKey: false, ...more });
  it('act outside fields only, and can be switched off', () => {
    expect(shortcutOf(key('a'), false, true)).toBe('a');
    expect(shortcutOf(key('a'), true, true)).toBeNull();
    expect(shortcutOf(key('a'), false, false)).toBeNull();
    expect(shortcutOf(key('z', { ctrlKey: true }), false, true)).toBe('undo');
    expect(shortcutOf(key('z', { ctrlKey: true }), true, true)).toBeNull();
    expect(shortcutOf(key('F6'), true, false)).toBe('F6');
  });
});

describe('following the changes', () => {
  const answer = (part: Partial<ChangesAnswer>): ChangesAnswer => ({
    epoch: 1,
    head: 9,
    after: 5,
    upto: 9,
    edits: [],
    features: [],
    gone: [],
    more: false,
    ...part,
  });
  it('reads everything again when the journal was restored', () => {
    expect(judge(1, 5, answer({ epoch: 2 }))).toBe('reset');
    expect(judge(1, 12, answer({}))).toBe('reset');
    expect(judge(1, 5, answer({ more: true }))).toBe('more');
  });
  it('slows down while the server does not answer', () => {
    expect([0, 1, 2, 9].map((n) => pace(5000, n))).toEqual([5000, 10_000, 20_000, 60_000]);
  });
  it('asks from the last number it was told, and stops when told to', async () => {
    const asked: number[] = [];
    const page = { hidden: false, addEventListener: () => {}, removeEventListener: () => {} };
    const seen: number[] = [];
    const follower = follow({
      after: [1, 5],
      every: 1,
      document: page,
      ask: async (after) => {
        asked.push(after);
        return answer({ after, upto: after + 2, gone: ['x'], head: 99 });
      },
      onchanges: (a) => {
        seen.push(a.upto);
        if (seen.length === 3) follower.stop();
      },
      onreset: () => {},
      onstale: () => {},
    });
    await vi.waitFor(() => expect(seen).toHaveLength(3), 5000);
    await new Promise((done) => setTimeout(done, 20));
    expect(asked).toEqual([5, 7, 9]);
  });
});

describe('what the server says', () => {
  it('becomes a sentence, with the fields it is about', () => {
    const refused = refusal(422, null, {
      detail: 'Écrivez un nom.',
      code: 'required',
      fields: { name: 'Écrivez un nom.' },
    });
    expect([refused.message, refused.code, refused.fields.name]).toEqual([
      'Écrivez un nom.',
      'required',
      'Écrivez un nom.',
    ]);
    expect(refusal(429, '90', null).retryAfter).toBe(90);
    expect(refusal(500, null, '<html>').message).toMatch(/serveur/);
  });
  it('is asked with readable queries', () => {
    expect(withQuery('/x', { category: 'ALI,SOL', q: '', bbox: null, limit: 5 })).toBe(
      '/x?category=ALI,SOL&limit=5',
    );
  });
});

describe('cluster rings', () => {
  it('show the four largest themes in the order of the taxonomy, the rest in grey', () => {
    const shown = arcs([1, 5, 2, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0]);
    expect(shown).toHaveLength(5);
    expect(shown[0]!.color).toBe('#B3261E');
    expect(shown.at(-1)!.color).toBe('#6F7D80');
    expect(shown.reduce((sum, s) => sum + s.share, 0)).toBeCloseTo(1);
  });
});

describe('the catalogues', () => {
  const texts = (catalogue: Record<string, unknown>) =>
    Object.entries(catalogue).flatMap(([key, v]) =>
      typeof v === 'string' ? [[key, v]] : Object.values(v as object).map((s) => [key, s as string]),
    );
  it('keep French punctuation with the word before it', () => {
    const loose = texts(fr).filter(([, s]) => / [:;!?»]|« /.test(s as string));
    expect(loose).toEqual([]);
  });
  it('hold the same placeholders in both languages', () => {
    const holes = (v: unknown) => [...new Set(JSON.stringify(v).match(/\{\w+\}/g) ?? [])].sort();
    for (const key of Object.keys(fr) as (keyof typeof fr)[])
      expect([key, holes(en[key])]).toEqual([key, holes(fr[key])]);
  });
});
