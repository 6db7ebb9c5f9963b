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

/** A carrot across the disc: a root with two notches, and three leaves. */
const carrot =
  'M9.9 5.1C8.3 3.5 5.8 4 4.6 6.2L0.9 13.1C0.6 13.800 1.200 14.400 1.900 14.100L8.800 10.400C11 9.200 11.500 6.700 9.900 5.100Z' +
  'M5.900 6.300L7.600 8L7 8.600L5.300 6.900ZM3.900 9.700L5.600 11.400L5 12L3.300 10.300Z' +
  'M9.700 4.300C8.700 3 8.800 1.400 9.900 0.300C11 1.300 11.200 2.800 10.600 4.100Z' +
  'M10.900 5.300C12.200 6.300 13.600 6.200 14.700 5.100C13.700 4 12.200 3.800 10.900 4.400Z' +
  'M10.300 4.700C10.600 3.100 11.600 2.100 13.200 1.800C12.900 3.400 11.900 4.400 10.300 4.700Z';
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
