/** The files of the interface's typeface, for the labels of the map (MapLibre `font-faces`). */
import regularLatin from '@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-400-normal.woff2?url';
import regularExt from '@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-ext-400-normal.woff2?url';
import boldLatin from '@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-700-normal.woff2?url';
import boldExt from '@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-ext-700-normal.woff2?url';
import ranges from '@fontsource/atkinson-hyperlegible-next/unicode.json';
import type { FontFile } from './style';

export function mapFonts(): { regular: FontFile[]; bold: FontFile[] } {
  const file = (url: string, range: string): FontFile => ({
    url: new URL(url, location.origin).href,
    'unicode-range': range.split(','),
  });
  return {
    regular: [file(regularLatin, ranges.latin), file(regularExt, ranges['latin-ext'])],
    bold: [file(boldLatin, ranges.latin), file(boldExt, ranges['latin-ext'])],
  };
}
