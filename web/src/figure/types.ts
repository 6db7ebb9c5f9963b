/** Figures on the wire: what a committee shows, prints and cites of the map. */
import type { Version } from '../lib/types';

export const KINDS = ['map', 'list', 'table', 'count', 'chart'] as const;
export type FigureKind = (typeof KINDS)[number];

export interface FigureFields {
  kind: FigureKind;
  title: string;
  caption?: string;
  alt?: string;
  /** Short address of a territory inside; absent means all of it. */
  area?: string;
  /** Only the actors in this box, "w,s,e,n". */
  bbox?: string;
  themes?: string[];
  text?: string;
  state?: 'to_check' | 'confirmed';
  /** What the map shows, "w,s,e,n". */
  extent?: string;
  format?: 'a4' | 'a3';
  orientation?: 'portrait' | 'landscape';
  style?: 'light' | 'impression';
  measure?: string;
  status?: 'draft' | 'published';
  /** Sites that may show it in a frame; absent means all. */
  embedders?: string[];
  /** "epoch:seq", once it shows one state for ever. */
  frozen?: string;
}

export interface Place {
  slug: string;
  name: string;
}
export interface FrozenState {
  position: Version;
  at: string;
  actors: number;
  files: Record<string, { sha256: string; bytes: number }>;
  /** When the files were drawn again without an actor who asked to be forgotten. */
  erased_at: string | null;
}
export interface Figure {
  id: string;
  territory: Place;
  area: Place | null;
  fields: FigureFields;
  versions: Record<string, Version>;
  version: Version | null;
  status: 'draft' | 'published';
  author: string | null;
  created_at: string;
  updated_at: string;
  actors: number;
  frozen: FrozenState | null;
  since: { added: number; changed: number; closed: number } | null;
  licence: string;
  sources: string[];
  /** "État au 12 mars 2027 · 214 acteurs". */
  state_line: string;
  /** Why it shows nobody, when its part of the territory is gone. */
  problem: string | null;
  citation: string;
  address: string;
  may: { edit: boolean; publish: boolean };
}

export interface Named {
  id: string;
  name: string;
}
export interface Since {
  position: Version;
  head: Version;
  added: Named[];
  changed: Named[];
  closed: Named[];
}
