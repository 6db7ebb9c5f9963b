/** The wire of the séances. Times are RFC 3339 UTC, coordinates degrees WGS 84. */
import type { Geometry } from 'geojson';
import type { BBox, FieldChange, HistoryLine, Role, Version } from '../lib/types';

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
  /** A path of unit squares, `size` squares wide with its margin. */
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

/** Whether somebody may open a séance and look after it. */
export const organises = (seance: Pick<Seance, 'role'>): boolean =>
  ['organiser', 'moderator', 'admin'].includes(seance.role);
/** Whether somebody may take back what others wrote. */
export const moderates = (seance: Pick<Seance, 'role'>): boolean =>
  ['moderator', 'admin'].includes(seance.role);

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

/** What was done, counted: actors added, values completed, actors confirmed, and all edits. */
export interface Tally {
  added: number;
  completed: number;
  confirmed: number;
  edits: number;
}
/** Who took part and what changed. */
export interface Minutes {
  seance: Seance;
  counts: Tally;
  people: (Omit<ParticipantLine, 'edits'> & Tally)[];
  /** By people who are no participants. */
  others: Tally;
  themes: ({ code: string; label: string | null } & Tally)[];
  pieces: ({ key: string; name: string; state: CellState | ''; team: string; note: string } & Tally)[];
  /** Without a place, or outside of every piece. */
  outside: Tally;
  actors: {
    id: string;
    name: string;
    category: string;
    piece: string;
    added: boolean;
    fields: string[];
  }[];
}

/** One edit of a séance, as it is looked over the morning after. */
export interface ReviewLine {
  seq: number;
  at: string;
  kind: HistoryLine['kind'];
  subject: { kind: 'actor' | 'cell'; id: string };
  by: string;
  participant: Participant | null;
  actor: string | null;
  name: string;
  category: string;
  piece: string;
  fields: Record<string, FieldChange>;
  reverted: boolean;
}
/** What is taken back: one participant, one cell, or everything. */
export type Scope = { participant: string } | { cell: string } | { whole: true };
export interface Undone {
  reverted: number;
  kept: {
    seq: number;
    actor: string | null;
    name: string | null;
    field: string;
    why: 'changed_since' | 'used_by_others' | 'not_allowed';
    by: string;
  }[];
  lines: ReviewLine[];
}
