/** The palette keeps its promises: contrast, legibility without colour, and no class that nothing draws. */
import { describe, expect, it } from 'vitest';
import { palette, SHADES, type Shade } from './palette';

type Rgb = [number, number, number];

function parse(color: string): { rgb: Rgb; alpha: number } {
  const part = (at: number) => parseInt(color.slice(at, at + 2), 16);
  expect(color).toMatch(/^#([0-9A-F]{6}|[0-9A-F]{8})$/i);
  return { rgb: [part(1), part(3), part(5)], alpha: color.length === 9 ? part(7) / 255 : 1 };
}
function luminance([r, g, b]: Rgb): number {
  const line = (v: number) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
}
/** WCAG 2 contrast of two opaque colours. */
function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}
const over = (top: Rgb, alpha: number, below: Rgb) =>
  top.map((v, i) => v * alpha + below[i]! * (1 - alpha)) as Rgb;

/** Every ground that a label may lie on: areas, lines wider than its letters, and all of these under the veil outside. */
function grounds(shade: Shade): { name: string; rgb: Rgb }[] {
  const areas = Object.entries(palette.area).filter(([name]) => name !== 'outside');
  const wide = Object.entries(palette.line).filter(([, c]) =>
    c.width.some(([zoom, px]) => zoom <= 18 && px >= 8),
  );
  expect(wide.map(([name]) => name)).toContain('street');
  const veil = palette.area.outside![shade];
  const plain = [...areas, ...wide].map(([name, c]) => ({ name, rgb: parse(c[shade].fill).rgb }));
  const veiled = plain.map(({ name, rgb }) => ({
    name: `${name}, outside`,
    rgb: over(parse(veil.fill).rgb, veil.opacity!, rgb),
  }));
  return [...plain, ...veiled];
}

describe.each(SHADES)('in %s', (shade) => {
  it('every label has 4.5:1 on every ground, without counting on its halo', () => {
    const faint = Object.entries(palette.text).flatMap(([label, c]) => {
      const ink = parse(c[shade].ink).rgb;
      return grounds(shade)
        .map(({ name, rgb }) => ({ label, name, ratio: contrast(ink, rgb) }))
        .filter(({ ratio }) => ratio < 4.5);
    });
    expect(faint).toEqual([]);
  });

  it('every halo sets its label off as well', () => {
    const faint = Object.entries(palette.text).filter(([, c]) => {
      const { rgb } = parse(c[shade].halo);
      return contrast(parse(c[shade].ink).rgb, rgb) < 4.5;
    });
    expect(faint.map(([label]) => label)).toEqual([]);
  });

  it('every colour, pattern and pair of stops can be read', () => {
    for (const c of Object.values(palette.area)) {
      const { fill, edge, pattern } = c[shade];
      for (const color of [fill, edge ?? fill]) parse(color);
      if (pattern) {
        expect(['dots', 'trees', 'waves', 'hatch', 'cross']).toContain(pattern);
        expect(edge, 'a pattern is drawn in the edge colour').toBeDefined();
      }
    }
    for (const c of Object.values(palette.line)) {
      const { fill, edge, thin } = c[shade];
      for (const color of [fill, edge ?? fill, thin ?? fill]) parse(color);
      expect(edge === undefined, 'an edge has a width').toBe(c.casing === undefined);
    }
    for (const stops of [
      ...Object.values(palette.line).map((c) => c.width),
      ...Object.values(palette.text).map((c) => c.size),
    ]) {
      const zooms = stops.map(([zoom]) => zoom);
      expect(zooms).toEqual([...new Set(zooms)].sort((a, b) => a - b));
      expect(stops.every(([, pixels]) => pixels > 0)).toBe(true);
    }
  });
});

describe('on paper', () => {
  const grey = (color: string) => luminance(parse(color).rgb);

  it('lines differ without their colour: in dash, edge, weight or tone', () => {
    const looks = Object.entries(palette.line)
      .filter(
        ([, c]) =>
          c.layer === 'streets' && c.kinds?.every((kind) => !/way$/.test(kind) || kind === 'motorway'),
      )
      .map(([name, c]) => ({ name, c, at16: weightAt(c.width, 16) }));
    const same = looks.flatMap((a, i) =>
      looks.slice(i + 1).flatMap((b) => {
        const [one, two] = [a.c.impression, b.c.impression];
        const dashes = JSON.stringify(one.dash) !== JSON.stringify(two.dash);
        const edges = (one.edge === undefined) !== (two.edge === undefined);
        const weight = Math.max(a.at16, b.at16) / Math.min(a.at16, b.at16) > 1.2;
        const ink = one.edge && two.edge && Math.abs(grey(one.edge) - grey(two.edge)) > 0.05;
        const tone = Math.abs(grey(one.fill) - grey(two.fill)) > 0.2;
        return dashes || edges || weight || ink || tone ? [] : [`${a.name} and ${b.name}`];
      }),
    );
    expect(looks.length).toBeGreaterThan(6);
    expect(same).toEqual([]);
  });

  it('no area is darker than a building, and water, forest and park have each their pattern', () => {
    for (const [name, c] of Object.entries(palette.area)) {
      expect(grey(c.impression.fill), name).toBeGreaterThanOrEqual(grey('#D0D0CC'));
    }
    const pattern = (name: string) => palette.area[name]!.impression.pattern;
    const patterns = ['water', 'forest', 'park', 'cemetery', 'rock'].map(pattern);
    expect(new Set(patterns).size).toBe(5);
    expect(patterns).not.toContain(undefined);
  });

  function weightAt(stops: [number, number][], zoom: number): number {
    const next = stops.findIndex(([z]) => z >= zoom);
    if (next <= 0) return stops.at(next)![1];
    const [[z1, w1], [z2, w2]] = [stops[next - 1]!, stops[next]!];
    return w1 + (w2 - w1) * ((1.5 ** (zoom - z1) - 1) / (1.5 ** (z2 - z1) - 1));
  }
});
