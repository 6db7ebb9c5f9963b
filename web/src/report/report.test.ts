import { describe, expect, it } from 'vitest';
import type { Pending } from '../lib/queue';
import { difference, readQuestion, writeQuestion } from './filters';
import { laid, lastOrder } from './laid';
import { inline, isSafe, parse, topOf } from './markdown';
import { lastBefore } from './positions';
import { split, unitAfter } from './said';
import type { Report } from './types';

describe('Markdown', () => {
  it('knows headings, paragraphs, lists, quotes and tables', () => {
    const text =
      '# Un\nligne\nsuite\n\n- a\n- b\n  encore\n\n1. c\n\n> dit\n\n| x | y |\n|---|---|\n| 1 | 2 |';
    expect(parse(text).map((b) => b.is)).toEqual(['heading', 'paragraph', 'list', 'list', 'quote', 'table']);
    const [, , bullets, numbers, , table] = parse(text);
    expect(bullets).toMatchObject({ ordered: false, items: { length: 2 } });
    expect(numbers).toMatchObject({ ordered: true });
    expect(table).toMatchObject({ head: { length: 2 }, rows: { length: 1 } });
  });
  it('leaves HTML and dangerous addresses as words', () => {
    expect(inline('<script>x</script>')).toEqual([{ is: 'text', text: '<script>x</script>' }]);
    expect(inline('[va](javascript:alert(1))')[0]).toMatchObject({ is: 'text' });
    for (const bad of ['javascript:x', '//x.org', 'data:text/html,x', '/x', 'JAVASCRIPT:x'])
      expect(isSafe(bad), bad).toBe(false);
    for (const good of ['https://x.org', 'http://x', 'mailto:a@b.c']) expect(isSafe(good), good).toBe(true);
  });
  it('marks words, and keeps signs that mark nothing', () => {
    expect(inline('un **gras** et *fin* `a*b` \\*vrai\\*').map((p) => p.is)).toEqual([
      'text',
      'strong',
      'text',
      'em',
      'text',
      'code',
      'text',
    ]);
    expect(inline('2 * 3 * 4')).toEqual([{ is: 'text', text: '2 * 3 * 4' }]);
  });
  it('puts the highest heading below that of the part', () => {
    expect(topOf(parse('### a\n\n#### b'))).toBe(3);
    expect(topOf(parse('rien'))).toBe(6);
  });
});

describe('the address of the statistics', () => {
  it('keeps what it knows and leaves the rest alone', () => {
    const asked = { area: 'centre', category: 'SOL', before: '2026-01-01', at: '' };
    const search = writeQuestion('?nomap&lang=en', asked);
    expect(search).toBe('?nomap&lang=en&quartier=centre&theme=SOL&depuis=2026-01-01');
    expect(readQuestion(search)).toEqual(asked);
    expect(readQuestion('?depuis=hier&theme=tout')).toMatchObject({ before: '', category: '' });
  });
  it('says no difference where a number is missing', () => {
    expect(difference(3, 5)).toBe(2);
    expect(difference(null, 5)).toBeNull();
    expect(difference(undefined, 5)).toBeNull();
  });
  it('tells a number from what stands behind it', () => {
    expect(split('61 % (462 sur 752)')).toEqual(['61 %', '(462 sur 752)']);
    expect(split('7 % (7 sur 94) ; 5 liens')).toEqual(['7 %', '(7 sur 94) ; 5 liens']);
    expect(split('94')).toEqual(['94', '']);
    expect(unitAfter('9 carrés sur 122', 'carrés')).toBe('');
    expect(unitAfter('94', 'acteurs')).toBe(' acteurs');
  });
});

describe('a day becomes a position', () => {
  /** Edits 3, 5, 9 and 20 of a journal that others write in too. */
  const edits = [
    [3, 100],
    [5, 200],
    [9, 300],
    [20, 400],
  ] as const;
  const newest = async (below: number | null) => {
    const found = edits.filter(([seq]) => below === null || seq < below).at(-1);
    return found ? { seq: found[0], at: new Date(found[1]).toISOString() } : null;
  };
  it('finds the last edit before a moment', async () => {
    for (const [moment, seq] of [
      [50, null],
      [100, null],
      [101, 3],
      [250, 5],
      [301, 9],
      [399, 9],
      [1000, 20],
    ] as const)
      expect(await lastBefore(newest, moment), `before ${moment}`).toBe(seq);
    expect(await lastBefore(async () => null, 5)).toBeNull();
  });
});

describe('a report with what waits', () => {
  const report = {
    id: 'r',
    fields: { title: 'Avant' },
    sections: [
      { code: 'summary', blocks: [{ id: 'a', fields: { order: 10, text: 'un' }, versions: {} }] },
      { code: 'map', blocks: [] },
    ],
    devices: [{ id: 'd', fields: { name: 'Conseil' }, versions: {} }],
  } as unknown as Report;
  const waiting = (subject: object, kind: string, set: object = {}): Pending =>
    ({ state: 'waiting', edit: { id: 'e', subject, kind, set } }) as unknown as Pending;

  it('shows new texts in their part and order, changes, and what went', () => {
    const shown = laid(report, [
      waiting({ kind: 'block', id: 'b' }, 'create', {
        report: 'r',
        section: 'summary',
        order: 5,
        text: 'zéro',
      }),
      waiting({ kind: 'block', id: 'x' }, 'create', {
        report: 'other',
        section: 'summary',
        text: 'ailleurs',
      }),
      waiting({ kind: 'block', id: 'a' }, 'set', { text: 'deux' }),
      waiting({ kind: 'device', id: 'd' }, 'delete'),
      waiting({ kind: 'report', id: 'r' }, 'set', { title: 'Après', summary: null }),
    ]);
    expect(shown.sections[0]!.blocks.map((b) => b.fields.text)).toEqual(['zéro', 'deux']);
    expect(shown.sections[1]!.blocks).toEqual([]);
    expect(shown.devices).toEqual([]);
    expect(shown.fields).toEqual({ title: 'Après' });
    expect(lastOrder(shown.sections[0]!.blocks)).toBe(20);
  });
});
