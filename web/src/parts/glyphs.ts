/** The sign of each theme: Maki paths on a 15 × 15 grid (CC0), and our own carrot for food. */
import townHall from '@mapbox/maki/icons/town-hall.svg?raw';
import heart from '@mapbox/maki/icons/heart.svg?raw';
import park from '@mapbox/maki/icons/park.svg?raw';
import recycling from '@mapbox/maki/icons/recycling.svg?raw';
import theatre from '@mapbox/maki/icons/theatre.svg?raw';
import school from '@mapbox/maki/icons/school.svg?raw';
import pitch from '@mapbox/maki/icons/pitch.svg?raw';
import doctor from '@mapbox/maki/icons/doctor.svg?raw';
import shop from '@mapbox/maki/icons/shop.svg?raw';
import tower from '@mapbox/maki/icons/communications-tower.svg?raw';
import bicycle from '@mapbox/maki/icons/bicycle.svg?raw';
import town from '@mapbox/maki/icons/town.svg?raw';

const path = (svg: string) =>
  [...svg.matchAll(/\sd="([^"]+)"/g)].map((m) => m[1]!.replace(/&#x[0-9A-Fa-f]+;/g, ' ')).join(' ');

/** A carrot lying across the disc: root with three notches cut out, and two leaves. */
const carrot =
  'M9.2 5.0C7.3 3.9 5.3 4.9 4.2 7.1L1.4 12.7C1.1 13.3 1.7 13.9 2.3 13.6L7.9 10.8C10.1 9.7 11.1 7.7 10.0 5.8Z' +
  'M9.9 4.4C9.2 3.2 9.6 1.7 10.9 0.8C11.7 1.7 11.8 2.5 11.5 3.5C12.5 3.2 13.3 3.3 14.2 4.1C13.3 5.4 11.8 5.8 10.6 5.1Z';
const question =
  'M7.4 2C5.2 2 3.7 3.300 3.500 5.300L5.600 5.600C5.700 4.500 6.400 3.900 7.400 3.900C8.400 3.900 9.100 4.500 9.100 5.400C9.100 6.200 8.700 6.600 7.900 7.200C6.800 8 6.400 8.700 6.400 9.900L8.500 9.900C8.500 9.200 8.700 8.900 9.500 8.300C10.600 7.500 11.300 6.700 11.300 5.300C11.300 3.300 9.700 2 7.400 2Z' +
  'M6.300 11.100L8.600 11.100L8.600 13.300L6.300 13.300Z';

const GLYPHS: Record<string, string> = {
  DEM: path(townHall),
  SOL: path(heart),
  ALI: carrot,
  ENV: path(park),
  REE: path(recycling),
  CUL: path(theatre),
  EDU: path(school),
  SPO: path(pitch),
  SAN: path(doctor),
  ECO: path(shop),
  NUM: path(tower),
  HAB: path(bicycle),
  LIE: path(town),
};

/** The order of the taxonomy, used by cluster rings. */
export const THEME_CODES = Object.keys(GLYPHS);

/** Path of a theme's sign; an actor without a theme gets a question mark. */
export function glyph(theme: string): string {
  return GLYPHS[theme] ?? question;
}

/** Colours of ui.md §2; the taxonomy of the server holds the same ones. */
export const THEME_COLORS: Record<string, string> = {
  DEM: '#5B2A86',
  SOL: '#B3261E',
  ALI: '#4D7C0F',
  ENV: '#0F6B4F',
  REE: '#9A4B00',
  CUL: '#A81E73',
  EDU: '#0A5CAD',
  SPO: '#0B7285',
  SAN: '#C2255C',
  ECO: '#7A5C00',
  NUM: '#3538A0',
  HAB: '#4B5563',
  LIE: '#1F2937',
};
export const GREY = '#6F7D80';

export function themeColor(theme: string): string {
  return THEME_COLORS[theme] ?? GREY;
}
