import { describe, expect, it } from 'vitest';
import { NO_FILTERS } from '../lib/filters';
import { chosenBy, embedOfFigure, embedOfView, frameCode, mapOf, originOf } from './query';
import { byTheme, rowsOf } from './rows';

const filters = { ...NO_FILTERS, categories: ['SOL', 'ALI.amap'], q: 'pain', area: 'le-bourg' };
const wishes = { mode: 'list', lang: '', height: 520, filter: false } as const;

describe('what a figure asks for', () => {
  it('is the filter, the quartier and what the map shows', () => {
    const view = {
      filters,
      extent: [-1.8, 47.7, -1.7, 47.8] as [number, number, number, number],
      whole: false,
    };
    expect(chosenBy(view)).toEqual({
      area: 'le-bourg',
      themes: ['SOL', 'ALI.amap'],
      text: 'pain',
      extent: '-1.8,47.7,-1.7,47.8',
      bbox: '-1.8,47.7,-1.7,47.8',
    });
    expect(chosenBy(view, false)).not.toHaveProperty('bbox');
    expect(chosenBy({ ...view, whole: true })).not.toHaveProperty('bbox');
    expect(chosenBy({ filters: NO_FILTERS, extent: null, whole: true })).toEqual({});
  });
  it('leads back to the map', () =>
    expect(
      mapOf('ville', { kind: 'map', title: '', themes: ['SOL'], area: 'le-bourg', extent: '1,2,3,4' }),
    ).toBe('/ville/carte?category=SOL&area=le-bourg&bbox=1,2,3,4'));
  it('goes into the address of a frame', () => {
    expect(embedOfView('ville', { filters, extent: [1, 2, 3, 4], whole: true }, wishes)).toBe(
      '/embed/ville?mode=list&category=SOL,ALI.amap&q=pain&area=le-bourg',
    );
    expect(embedOfFigure('ville', 'id', { ...wishes, lang: 'en', height: 'auto' })).toBe(
      '/embed/ville?figure=id&mode=list&lang=en&height=auto',
    );
  });
});

describe('the code of a frame', () => {
  it('keeps a hostile title inside its attribute', () => {
    const code = frameCode('https://b.example', '/embed/ville?a=1&b=2', 'L’« âge » "><script>', 520);
    expect(code).toBe(
      '<iframe src="https://b.example/embed/ville?a=1&amp;b=2" title="L’« âge » &quot;>&lt;script>" width="100%" height="520" loading="lazy"></iframe>',
    );
  });
  it('brings the script only where the height is to follow', () =>
    expect(frameCode('https://b.example', '/x', '', 'auto')).toContain('src="https://b.example/embed.js"'));
});

describe('a site that may frame a figure', () => {
  it.each([
    ['www.ma-commune.fr', 'https://www.ma-commune.fr'],
    ['https://ma-commune.fr/page?x', 'https://ma-commune.fr'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['commune', null],
    ['deux mots.fr', null],
    ['', null],
  ])('%s', (typed, origin) => expect(originOf(typed)).toBe(origin));
});

describe('the actors of a figure', () => {
  const feature = (id: string, primary_category: string, state = 'confirmed') => ({
    properties: { id, name: id, primary_category, state, housenumber: '3', street: 'Rue Basse' },
  });
  it('are one row each, whatever their places', () => {
    const rows = rowsOf([
      feature('a', 'SOL'),
      feature('a', 'SOL'),
      { properties: null },
      feature('b', 'ALI.amap'),
    ]);
    expect(rows.map((row) => [row.id, row.where])).toEqual([
      ['a', '3 Rue Basse'],
      ['b', '3 Rue Basse'],
    ]);
  });
  it('are counted once, in their main theme', () => {
    const rows = rowsOf([feature('a', 'SOL'), feature('b', 'ALI.amap', 'to_check'), feature('c', 'ALI')]);
    expect(byTheme(rows)).toEqual([
      { code: 'ALI', n: 2, toCheck: 1 },
      { code: 'SOL', n: 1, toCheck: 0 },
    ]);
  });
});
