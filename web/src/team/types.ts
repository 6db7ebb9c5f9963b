/** The wire of imports and moderation. Times are RFC 3339 UTC, days YYYY-MM-DD, coordinates degrees WGS 84. */
import type { FieldValue } from '../lib/types';

export type RunState =
  'reading' | 'planned' | 'applying' | 'applied' | 'undoing' | 'undone' | 'discarded' | 'failed';

/** What an import does with one object of its file. */
export type Action =
  'create' | 'update' | 'conflict' | 'close' | 'reappear' | 'renumber' | 'candidate' | 'refused';

export type Counts = Record<Action | 'unchanged' | 'kept' | 'outside', number>;

/** One import of one file into one territory: planned first, then applied, perhaps undone. */
export interface Run {
  id: string;
  territory: string;
  source: string;
  file: string;
  kind: 'extract' | 'changes';
  /** The day that the file's data describe, when the file says so. */
  data_date: string | null;
  state: RunState;
  progress: { step: 'read' | 'draw' | 'write'; done: number; total: number } | null;
  error: string | null;
  created_at: string;
  applied_at: string | null;
  undone_at: string | null;
  /** Planned first, then what really happened. */
  counts: Counts;
  /** `kept`: changed since by somebody, and so left as it is. */
  undo: { undone: number; kept: number } | null;
}
export interface RunPage {
  runs: Run[];
  next: string | null;
}

/** One field: at the last import, in the new file, and on the map here. */
export interface ItemField {
  field: string;
  last: FieldValue | null;
  source: FieldValue | null;
  here: FieldValue | null;
  what: 'set' | 'kept' | 'conflict';
}
export interface Item {
  number: number;
  action: Action;
  reference: string;
  old_reference: string | null;
  actor: string | null;
  name: string | null;
  category: string | null;
  lon: number | null;
  lat: number | null;
  /** A candidate's reason as a word, or the sentence of a refusal. */
  reason: string | null;
  fields: ItemField[];
}
export interface ItemPage {
  items: Item[];
  next: number | null;
}

/** What an import leaves to a person's judgement. */
export interface Case {
  id: string;
  kind: 'conflict' | 'closing';
  actor: { id: string; name: string };
  field: string | null;
  last: FieldValue | null;
  here: FieldValue | null;
  source: FieldValue | null;
  reference: string;
  run: string;
  at: string;
}
export interface CasePage {
  items: Case[];
  next: string | null;
  total: number;
}
export type Decision = 'here' | 'source' | 'close' | 'stay';
