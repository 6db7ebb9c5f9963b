/** The wire of statistics, reports, devices and links between actors. */
import type { FieldValue, Role, Version } from '../lib/types';

/** A cell of a table: a number, a word (also "< 5"), or nothing known. */
export type Datum = string | number | null;
export interface Column {
  key: string;
  label: string;
  unit?: string | null;
}
export interface Table {
  columns: Column[];
  rows: Datum[][];
}
/** One statistic, with all that it takes to believe it. */
export interface Measure {
  code: string;
  title: string;
  definition: string;
  formula: string;
  source: string;
  caveats: string[];
  unit: string | null;
  value: number | null;
  /** As it is said, with the count behind a share. */
  shown: string;
  /** The same at the earlier position, when one was asked for. */
  before?: number | null;
  before_shown?: string | null;
  table: Table;
  chart: boolean;
}
export interface Statistics {
  territory: { slug: string; name: string };
  position: Version;
  at: string;
  population: number | null;
  measures: Measure[];
}

export const RELATIONS = ['partner', 'member_of', 'funds', 'hosts', 'shares_place'] as const;
export type RelationKind = (typeof RELATIONS)[number];
/** How an actor stands to another, as one of them says it. */
export interface Relation {
  from: string;
  to: string;
  kind: RelationKind;
}
/** Somebody that an actor stands to, as the actor itself is told. */
export interface Related {
  id: string;
  name: string;
  theme: string;
  kind: string;
  /** `to`: as this actor says; `from`: as the other one says. */
  direction: 'to' | 'from';
}
export interface Network {
  actors: { id: string; name: string; theme: string }[];
  relations: Relation[];
}

/** Steps of the governance cycle, and the rungs of Arnstein's ladder. */
export const STEPS = ['inform', 'express', 'design', 'decide', 'act', 'evaluate'] as const;
export const RUNGS = ['1', '2', '3', '4', '5', '6', '7', '8'] as const;

/** A piece of something written together: fields, and the version of each. */
export interface Part<F> {
  id: string;
  fields: F;
  versions: Record<string, Version>;
}
export interface BlockFields {
  section?: string;
  order?: number;
  text?: string;
  figure?: string;
}
export type Block = Part<BlockFields>;
export const DEVICE_FIELDS = ['name', 'step', 'rung', 'since', 'audience', 'evaluation', 'summary'] as const;
export type DeviceField = (typeof DEVICE_FIELDS)[number];
export type Device = Part<Partial<Record<DeviceField, string>>>;

export interface Section {
  code: string;
  title: string;
  help: string;
  blocks: Block[];
}
export interface ReportFields {
  title?: string;
  summary?: string;
  picture?: string;
  picture_alt?: string;
  status?: string;
  frozen?: string;
}
/** Where and when a frozen work stands. */
export interface Frozen {
  position: Version;
  at: string | null;
  /** Somebody was taken out of it since. */
  erased_at?: string | null;
  actors?: number;
}
export interface ReportLine {
  id: string;
  fields: ReportFields;
  status: string;
  /** In lists the position alone, as text. */
  frozen: Frozen | string | null;
  updated_at?: string;
}
export interface Report extends Part<ReportFields> {
  territory: { slug: string; name: string };
  version: Version | null;
  status: string;
  frozen: Frozen | null;
  sections: Section[];
  devices: Device[];
  may: { edit: boolean; publish: boolean };
}
/** A figure of the territory, as far as a report cites it. */
export interface FigureLine {
  id: string;
  kind: string;
  status: string;
  fields: { title?: string; caption?: string; alt?: string; kind?: string };
  frozen: Frozen | null;
}

/** Who may write reports and devices. */
export const organises = (role: Role): boolean => ['organiser', 'moderator', 'admin'].includes(role);

export type WorkKind = 'figure' | 'report' | 'block' | 'device';
export type WorkValue = FieldValue | number;
