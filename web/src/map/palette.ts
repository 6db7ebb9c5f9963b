/** The classes of `tiles/palette.toml`: what is drawn, how wide, in which inks. Nothing here knows the map library. */
import file from '../../../tiles/palette.toml';

/** The three styles: two for the screen, one for paper. */
export const SHADES = ['light', 'dark', 'impression'] as const;
export type Shade = (typeof SHADES)[number];
/** Pairs of zoom and pixels. */
export type Stops = [zoom: number, pixels: number][];

export interface Class {
  layer: string;
  kinds?: string[];
  without?: string[];
  by?: string;
  minzoom?: number;
  maxzoom?: number;
}
export interface AreaPaint {
  fill: string;
  edge?: string;
  pattern?: string;
  opacity?: number;
}
export interface LinePaint {
  fill: string;
  edge?: string;
  thin?: string;
  dash?: number[];
  opacity?: number;
}
export interface TextPaint {
  ink: string;
  halo: string;
}
export type AreaClass = Class & Record<Shade, AreaPaint>;
export type LineClass = Class & { width: Stops; casing?: number; cut?: number } & Record<Shade, LinePaint>;
export type TextClass = Class & {
  size: Stops;
  weight: 400 | 700;
  field?: string;
  otherwise?: string;
  along?: boolean;
  every?: number;
  dodge?: boolean;
} & Record<Shade, TextPaint>;

export interface Palette {
  area: Record<string, AreaClass>;
  line: Record<string, LineClass>;
  text: Record<string, TextClass>;
}
export const palette = file as Palette;

/** A colour of the file, as every class of the app's own layers is written there. */
export const area = (name: string) => known(palette.area, name);
export const line = (name: string) => known(palette.line, name);
export const text = (name: string) => known(palette.text, name);

function known<T>(group: Record<string, T>, name: string): T {
  const found = group[name];
  if (!found) throw new Error(`tiles/palette.toml has no class ${name}`);
  return found;
}

/** The class of a source layer that takes all that is asked for, by the attribute it decides by; without kinds, anything. */
export function classOf<T extends Class>(
  group: Record<string, T>,
  layer: string,
  kinds: (by?: string) => string[],
): { name: string; c: T } | null {
  for (const [name, c] of Object.entries(group)) {
    if (c.layer !== layer) continue;
    const asked = kinds(c.by);
    if (!c.kinds || (asked.length > 0 && asked.every((k) => c.kinds?.includes(k)))) return { name, c };
  }
  return null;
}

/** Width by zoom as an expression; `casing` is added on both sides from the cut on, whole from zoom 15. */
export function widthOf(c: LineClass, casing = 0, factor = 1): unknown[] {
  const stops = c.width.flatMap(([zoom, pixels]) => {
    const grown = zoom < (c.cut ?? 0) ? 0 : Math.min(1, Math.max(1 / 3, (zoom - 9) / 6));
    return [zoom, Number((pixels * factor + 2 * casing * grown).toFixed(2))];
  });
  return ['interpolate', ['exponential', 1.5], ['zoom'], ...stops];
}

export function sizeOf(c: TextClass): unknown[] {
  return ['interpolate', ['linear'], ['zoom'], ...c.size.flat()];
}

/** The size at one zoom. */
export function sizeAt(c: TextClass, zoom: number): number {
  const next = c.size.findIndex(([z]) => z >= zoom);
  if (next === 0) return c.size[0]![1];
  if (next < 0) return c.size.at(-1)![1];
  const [[z1, s1], [z2, s2]] = [c.size[next - 1]!, c.size[next]!];
  return s1 + ((s2 - s1) * (zoom - z1)) / (z2 - z1);
}
