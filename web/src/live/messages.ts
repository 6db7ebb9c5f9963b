/** The wire of `/api/v1/live`: JSON text frames, told apart by `type`. */
import type { Ack, ActorFeature, BBox, FieldValue, HistoryLine, Role } from '../lib/types';

/** A message that tells of edits covers the range (after, upto], also when little of it concerns this reader. */
export interface LiveRange {
  epoch: number;
  after: number;
  upto: number;
}
/** One accepted edit as a socket tells it. */
export interface LiveEdit {
  seq: number;
  id: string;
  kind: HistoryLine['kind'];
  subject: { kind: string; id: string };
  by: string | null;
  /** The socket that sent it, when that one is still here. */
  session: string | null;
  at: string;
  seance: string | null;
  /** The value of each touched field afterwards; absent for edits that are told late. */
  fields?: Record<string, FieldValue | null>;
}
export interface LiveEdits extends LiveRange {
  type: 'edits';
  edits: LiveEdit[];
  features: ActorFeature[];
  gone: string[];
}
/** Somebody who edits here, or gave a nickname. `color` is 0 to 4: the pastels of people. */
export interface Person {
  session: string;
  name: string;
  /** The number of somebody whom nothing else is known of: the name says it in French. */
  visitor?: number | null;
  color: number;
  actor: string | null;
  field: string | null;
  view: BBox | null;
  since: string;
}
/** Somebody who adds, or has just added, something like what is being typed here. */
export interface Near {
  session: string | null;
  name: string;
  title: string;
  distance_m: number | null;
  state: 'typing' | 'added';
  actor: string | null;
}
/** What this page tells the others about its person. */
export interface Presence {
  actor: string | null;
  field: string | null;
  view: BBox | null;
  typing: { name: string; lon: number | null; lat: number | null } | null;
  /** Empty: no longer any. */
  nickname: string;
  /** 0 to 4; null: the server chooses. */
  color: number | null;
}
export type You = Pick<Person, 'session' | 'name' | 'visitor' | 'color'>;
/** The whole request was not tried: quota, form, no identity, too many waiting. */
export interface LiveRefused {
  type: 'refused';
  ids: string[];
  status: number;
  code: string;
  detail: string;
  retry_after: number | null;
}
export interface LiveWelcome {
  type: 'welcome';
  v: number;
  epoch: number;
  head: number;
  you: You;
  role: Role;
  beat_seconds: number;
  limits?: Record<string, number>;
}
/** Everything that the server sends over `/api/v1/live`. */
export type LiveMessage =
  | LiveWelcome
  | LiveEdits
  | ({ type: 'beat' } & LiveRange)
  | { type: 'snapshot'; epoch: number; head: number }
  | { type: 'acks'; results: Ack[]; epoch: number; head: number }
  | LiveRefused
  | { type: 'people'; here: number; people: Person[]; left: string[] }
  | { type: 'radar'; near: Near[] }
  | { type: 'revoked'; role: Role }
  | { type: 'busy'; retry_ms: number }
  | { type: 'bye'; code: string; retry_ms: number };
