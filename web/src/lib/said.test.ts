import { describe, expect, it } from 'vitest';
import { ago, daysAgo } from './dates';
import { compare } from './diff';
import { dotsFor } from './freshness';
import { parseHours, sayHours, writeHours } from './hours';
import { matched, splitAddress } from './matched';

const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('opening hours', () => {
  it('are said as people say them', () => {
    expect(sayHours('Sa 09:30-12:00')).toBe('Samedi, 9\u00a0h\u00a030 – 12\u00a0h');
    expect(sayHours('Mo-Fr 09:00-12:00,14:00-18:00; Sa,Su 10:00-12:00')).toContain(
      'Lundi à vendredi, 9\u00a0h – 12\u00a0h et 14\u00a0h – 18\u00a0h',
    );
  });
  it('come back the same after being edited', () => {
    for (const text of ['Mo-Fr 09:00-12:00,14:00-18:00', 'We,Th 09:00-12:00; Su 10:00-11:30']) {
      expect(writeHours(parseHours(text)!)).toBe(text);
    }
  });
  it('are shown as they are when they are more particular', () => {
    for (const text of ['Mo[1] 10:00-12:00', 'PH off', 'sunrise-sunset', 'Mo 25:00-26:00']) {
      expect(parseHours(text)).toBeNull();
      expect(sayHours(text)).toBe(text);
    }
  });
});

describe('dates and freshness', () => {
  it('are said in words', () => {
    expect(ago('2026-11-22T11:59:50Z', NOW)).toBe('à l’instant');
    expect(ago('2026-11-17T12:00:00Z', NOW)).toBe('il y a 5 jours');
    expect(ago('2022-03-14T12:00:00Z', NOW)).toBe('14 mars 2022');
    expect(daysAgo('2026-11-22', NOW)).toBe('aujourd’hui');
  });
  it('count three dots under six months, two under eighteen, one beyond or imported', () => {
    expect(dotsFor('2026-08-01', false, NOW)).toBe(3);
    expect(dotsFor('2025-11-01', false, NOW)).toBe(2);
    expect(dotsFor('2024-01-01', false, NOW)).toBe(1);
    expect(dotsFor('2026-11-01', true, NOW)).toBe(1);
  });
});

describe('names while typing', () => {
  it('underline the beginnings of words, accents aside', () => {
    expect(
      matched('Atelier vélo du Canal', 'velo ca')
        .filter((p) => p.hit)
        .map((p) => p.text),
    ).toEqual(['vélo', 'Ca']);
  });
  it('separate a house number from its street', () => {
    expect(splitAddress('27 bis rue Haute')).toEqual({ number: '27 bis', street: 'rue Haute' });
    expect(splitAddress('rue du 8 mai')).toEqual({ number: '', street: 'rue du 8 mai' });
  });
});

describe('two answers', () => {
  it('mark only the words that differ', () => {
    const { a, b } = compare('Samedi, 9 h – 12 h', 'Samedi, 10 h – 12 h');
    expect(a.filter((p) => p.changed).map((p) => p.text)).toEqual(['9']);
    expect(b.filter((p) => p.changed).map((p) => p.text)).toEqual(['10']);
    expect(a.map((p) => p.text).join('')).toBe('Samedi, 9 h – 12 h');
  });
});
