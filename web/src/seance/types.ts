/** The wire of the séances. Times are RFC 3339 UTC, coordinates degrees WGS 84. */
import type { Geometry } from 'geojson';
import type { BBox, FieldChange, Role, Version } from '../lib/types';

export type SeanceState = 'planned' | 'open' | 'over' | 'cancelled';
export type Grid = 'quartiers' | 'cells';

/** Somebody who takes part, as everybody may see them: a nickname and one of five pastels. */
export interface Participant {
  id: string;
  nickname: string;
  color: number;
}
export interface SeanceFields {
  title?: string;
  summary?: string;
  /** Absent: the whole territory. */
  area?: Geometry;
  themes?: string[];
  starts_at?: string;
  ends_at?: string;
  grid?: Grid;
  participants_max?: number;
  cancelled?: 'yes';
}
/** A carto-party: an evening with a door, an area and an end. */
export interface Seance {
  id: string;
  territory: { slug: string; name: string };
  fields: SeanceFields;
  versions: Record<string, Version>;
  version: Version | null;
  state: SeanceState;
  participants: number;
  you: Participant | null;
  role: Role;
}
/** What lets people in, until `expires_at`: the picture to scan and the short code to type; all null while the door is closed. */
export interface Door {
  code: string | null;
  url: string | null;
  /** A path of unit squares, `size` squares wide. */
  qr: { size: number; path: string } | null;
  expires_at: string;
  /** For the projector; only organisers are told. */
  screen_url: string | null;
}
/** A door that is open. */
export type OpenDoor = Door & { code: string; url: string; qr: { size: number; path: string } };
export const isOpen = (door: Door): door is OpenDoor =>
  door.code !== null && door.url !== null && door.qr !== null;
export interface Joining {
  token?: string;
  code?: string;
  nickname: string;
  color: number;
}

export interface ParticipantLine extends Participant {
  joined_at: string;
  revoked_at: string | null;
  edits: number;
}

export interface Gesture {
  nickname: string;
  color: number;
  actor: string;
  name: string;
  category: string;
  kind: 'added' | 'completed' | 'confirmed';
  field: string | null;
  at: string;
}
export interface Coverage {
  total: number;
  claimed: number;
  done: number;
  nothing: number;
}
/** What the projector counts. */
export interface Progress {
  added: number;
  completed: number;
  confirmed: number;
  people: number;
  last: Gesture[];
  coverage: Coverage;
  ends_at: string;
}

export type CellState = 'claimed' | 'done' | 'nothing';
/** A part of the area that a team looks at; without a state nobody has taken it. */
export interface Cell {
  id: string;
  key: string;
  name: string;
  bbox: BBox;
  boundary: Geometry | null;
  state: CellState | null;
  team: string | null;
  note: string | null;
  actors: number;
  edits: number;
  version: Version | null;
  versions: Record<string, Version>;
}

export type { FieldChange };
