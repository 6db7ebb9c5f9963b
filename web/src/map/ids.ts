/** Names that the style and MapView share. */
/** Ids of our sources and layers; only MapView uses them. */
export const SOURCES = {
  base: 'base',
  actors: 'actors',
  fresh: 'fresh',
  selected: 'selected',
  hover: 'hover',
  me: 'me',
  areas: 'areas',
} as const;
export const LAYERS = {
  actors: 'actors',
  names: 'names',
  clusters: 'clusters',
  fresh: 'fresh',
  selected: 'selected',
  halo: 'halo',
  freshHalo: 'fresh-halo',
  quartier: 'quartier',
  territory: 'territory',
  areas: 'areas',
} as const;
/** Fonts of the labels, as named in the style's `font-faces`. */
export const REGULAR = ['atkinson_regular'];
export const BOLD = ['atkinson_bold'];
