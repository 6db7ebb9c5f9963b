/** The wire: what the server sends and receives. Times are RFC 3339 UTC, coordinates degrees WGS 84. */
import type { Related } from '../report/types';
import type { Feature, FeatureCollection, Geometry, Point } from 'geojson';

/** (epoch, sequence number) of the edit that last changed a field. */
export type Version = [number, number];
export type BBox = [west: number, south: number, east: number, north: number];
export type Precision = 'exact' | 'street' | 'quartier' | 'commune';
export type State = 'to_check' | 'confirmed' | 'deleted';
export type Role = 'visitor' | 'contributor' | 'organiser' | 'moderator' | 'admin';

export type Position = { lon: number; lat: number; precision: Precision } | { precision: 'online' };
export interface Address {
  housenumber?: string;
  street?: string;
  postcode?: string;
  city?: string;
  insee_code?: string;
  quartier?: string;
}
export type FieldValue = string | string[] | Position | Address;

export interface Edit {
  id: string;
  subject: { kind: 'actor' | 'cell' | 'figure' | 'report' | 'block' | 'device'; id: string };
  kind: 'create' | 'set' | 'add' | 'remove' | 'delete' | 'restore' | 'revert';
  territory?: string;
  set?: Record<string, FieldValue | null>;
  base?: Record<string, Version | null>;
  reverts?: number;
  group?: string;
  candidate?: string;
  /** Made as a participant of this séance. */
  seance?: string;
}

export interface Provenance {
  by: string | null;
  at: string;
  source: string | null;
}
export interface Place {
  id: string;
  lon: number | null;
  lat: number | null;
  precision: Precision | 'online';
  address: Address | null;
}
export interface Actor {
  id: string;
  territory: string;
  state: State;
  fields: Record<string, FieldValue>;
  versions: Record<string, Version>;
  version: Version | null;
  provenance: Record<string, Provenance>;
  places: Place[];
  territories: string[];
  source: { ref: string; url: string; version?: number; licence: string } | null;
  created_at: string;
  updated_at: string;
  url: string;
  /** How others stand to it, and it to them; absent from answers that do not look at others. */
  related?: Related[];
}

export interface FieldAck {
  result: 'applied' | 'merged' | 'same' | 'conflict' | 'refused';
  conflict?: string;
  mine?: FieldValue | null;
  theirs?: FieldValue | null;
  by?: string;
  at?: string;
  version?: Version | null;
  deleted?: boolean;
  code?: string;
  message?: string;
}
export interface Ack {
  id: string;
  result: 'applied' | 'same' | 'conflict' | 'refused';
  seq: number | null;
  epoch: number;
  fields: Record<string, FieldAck>;
  code?: string;
  message?: string;
  deleted?: boolean;
  actor?: Actor | null;
}
export interface EditsAnswer {
  head: number;
  epoch: number;
  results: Ack[];
}

export interface ActorProperties {
  id: string;
  place: string | null;
  name: string;
  category: string;
  theme: string;
  categories: string[];
  state: State;
  summary: string | null;
  street: string | null;
  precision: Precision | 'online' | null;
  confirmed_on: string | null;
  updated_at: string;
  source: string | null;
  closing: boolean;
}
export type ActorFeature = Feature<Point | null, ActorProperties>;
export interface ActorCollection extends FeatureCollection<Point | null, ActorProperties> {
  numberMatched: number;
  numberReturned: number;
  next: string | null;
  head: Version;
}

/** The archive of tiles that a territory is drawn on; several may share one. */
export interface Basemap {
  archive: string;
  version: string;
  minzoom: number;
  maxzoom: number;
  bounds: BBox;
}
export interface TerritoryLine {
  slug: string;
  name: string;
  kind: string;
  code: string | null;
  population: number | null;
  bbox: BBox;
  center: [number, number];
  actors: number;
  to_check: number;
  counts: Record<string, number>;
  candidates: number;
  basemap: Basemap | null;
  warning?: string | null;
}
export interface Quartier {
  slug: string;
  name: string;
  kind: string;
  bbox: BBox;
  boundary: Geometry | null;
  actors: number;
}
/** One page of the territories that were looked for. */
export interface TerritoryPage {
  territories: TerritoryLine[];
  /** How many there are in all. */
  total: number;
  /** Where the next page begins; null after the last. */
  next: number | null;
}
export interface Territory extends TerritoryLine {
  boundary: Geometry | null;
  quartiers: Quartier[];
}

export interface SubCategory {
  slug: string;
  fr: string;
  en?: string;
}
export interface Theme {
  code: string;
  fr: string;
  en: string;
  color: string;
  maki: string;
  sub: SubCategory[];
}
export interface Taxonomy {
  version: number;
  themes: Theme[];
}

export interface Counts {
  actors: number;
  themes: Record<string, number>;
  to_check: number;
}

export interface FieldChange {
  before: FieldValue | null;
  after: FieldValue | null;
}
export interface HistoryLine {
  seq: number;
  epoch: number;
  id: string;
  kind: Edit['kind'] | 'redact';
  by: string | null;
  mine: boolean;
  at: string;
  source: string | null;
  fields: Record<string, FieldChange>;
  can_revert: boolean;
  reverted_by: number | null;
  subject?: { kind: string; id: string };
  name?: string | null;
}
export interface History {
  edits: HistoryLine[];
  next: number | null;
}

export interface FoundActor {
  id: string;
  name: string;
  category: string;
  theme: string;
  street: string | null;
  state: State;
  lon: number | null;
  lat: number | null;
  url: string;
}
/** An address as the BAN's API gives it; members without a value are left out. */
export interface AddressFacts {
  label: string;
  /** 0 to 1. */
  score: number;
  type: 'housenumber' | 'street' | 'locality' | 'municipality' | 'poi';
  name: string;
  housenumber?: string;
  street?: string;
  postcode?: string;
  citycode?: string;
  city?: string;
}
export interface FoundAddress {
  lon: number;
  lat: number;
  properties: AddressFacts;
}
export interface FoundCategory {
  code: string;
  theme: string;
  fr: string;
  en: string;
}
export interface Candidate {
  id: string;
  name: string | null;
  category: string | null;
  lon: number | null;
  lat: number | null;
  address: Address | string | null;
  website: string | null;
  phone: string | null;
  opening_hours: string | null;
  source: string;
  reason: string;
}
export interface SearchAnswer {
  actors: FoundActor[];
  addresses: FoundAddress[];
  categories: FoundCategory[];
  candidates: Candidate[];
}
export interface Twin {
  id: string;
  name: string;
  category: string;
  state: State;
  street: string | null;
  distance_m: number | null;
  score: number;
}
export interface Duplicates {
  actors: Twin[];
  candidates: Candidate[];
}

export interface ChangesAnswer {
  epoch: number;
  head: number;
  after: number;
  upto: number;
  edits: {
    seq: number;
    kind: string;
    by: string | null;
    at: string;
    subject: { kind: string; id: string };
  }[];
  features: ActorFeature[];
  gone: string[];
  more: boolean;
}

export interface Me {
  id: string | null;
  name: string | null;
  role: Role;
  contributions: number;
  has_recovery: boolean;
}
export interface FieldRule {
  type: 'scalar' | 'text' | 'set' | 'position' | 'address';
  max?: number;
  values?: string[];
  pattern?: string;
}
