/**
 * The edit rules of the server, mirrored as pure functions: making an edit on the version that was seen,
 * showing it before it is acknowledged, and reading its acknowledgement.
 */
import type {
  Ack,
  Actor,
  ActorFeature,
  Address,
  Edit,
  FieldAck,
  FieldValue,
  Place,
  Position,
  Version,
} from './types';
import type { LiveEdit } from '../live/messages';

export const SETS = ['categories', 'tags', 'links', 'images', 'former_names', 'relations'] as const;
const POSITION = /^place\/([a-z0-9]{1,12})\/position$/;
const ADDRESS = /^place\/([a-z0-9]{1,12})\/address$/;

/** A conflict that waits for the person: both values are kept until one is chosen. */
export interface Conflict {
  field: string;
  mine: FieldValue | null;
  theirs: FieldValue | null;
  by: string | null;
  at: string | null;
  version: Version | null;
  /** Somebody removed the whole actor meanwhile. */
  deleted: boolean;
}

/** What an acknowledgement leaves to do. */
export interface Outcome {
  /** Fields that are now online (applied, merged or already so). */
  done: string[];
  conflicts: Conflict[];
  refused: { field: string | null; message: string }[];
}

/** A `set` on the versions that the person saw; a field without a version was empty. */
export function setEdit(
  id: string,
  actor: Pick<Actor, 'id' | 'versions'>,
  values: Record<string, FieldValue | null>,
): Edit {
  const base: Record<string, Version> = {};
  for (const field of Object.keys(values)) {
    const version = actor.versions[field];
    if (version) base[field] = version;
  }
  return { id, subject: { kind: 'actor', id: actor.id }, kind: 'set', set: values, base };
}

/** The smallest add and remove edits that turn one set into another. */
export function setDelta(before: readonly string[], after: readonly string[]) {
  return {
    add: after.filter((v) => !before.includes(v)),
    remove: before.filter((v) => !after.includes(v)),
  };
}

/** A fresh edit that answers a conflict: the chosen value on the version that won. */
export function answerEdit(id: string, actorId: string, conflict: Conflict, value: FieldValue | null): Edit {
  return {
    id,
    subject: { kind: 'actor', id: actorId },
    kind: 'set',
    set: { [conflict.field]: value },
    base: conflict.version ? { [conflict.field]: conflict.version } : {},
  };
}

/** Reads an acknowledgement beside the edit it answers. */
export function readAck(edit: Edit, ack: Ack): Outcome {
  const outcome: Outcome = { done: [], conflicts: [], refused: [] };
  for (const [field, answer] of Object.entries(ack.fields ?? {})) {
    if (answer.result === 'conflict') outcome.conflicts.push(conflictOf(edit, ack, field, answer));
    else if (answer.result === 'refused') outcome.refused.push({ field, message: answer.message ?? '' });
    else outcome.done.push(field);
  }
  const silent = outcome.conflicts.length === 0 && outcome.refused.length === 0;
  if (ack.result === 'refused' && silent) outcome.refused.push({ field: null, message: ack.message ?? '' });
  if (ack.result === 'conflict' && silent) {
    // The whole edit met a tombstone or a newer version: each value it carried is kept.
    const fields = Object.keys(edit.set ?? { '*': null });
    for (const field of fields) {
      outcome.conflicts.push(conflictOf(edit, ack, field, { result: 'conflict', deleted: ack.deleted }));
    }
  }
  return outcome;
}

function conflictOf(edit: Edit, ack: Ack, field: string, answer: FieldAck): Conflict {
  const theirs = answer.theirs ?? ack.actor?.fields[field] ?? null;
  return {
    field,
    mine: answer.mine ?? edit.set?.[field] ?? null,
    theirs,
    by: answer.by ?? ack.actor?.provenance[field]?.by ?? null,
    at: answer.at ?? ack.actor?.provenance[field]?.at ?? null,
    version: answer.version ?? ack.actor?.versions[field] ?? null,
    deleted: answer.deleted ?? ack.deleted ?? ack.actor?.state === 'deleted',
  };
}

/**
 * The base of a waiting edit after an earlier one of the same person was acknowledged: their own change is
 * no surprise to them, so its new version becomes the one they saw. A conflict leaves the base as it was.
 */
export function rebase(waiting: Edit, sent: Edit, ack: Ack): Edit {
  if (!waiting.base && waiting.kind !== 'set' && waiting.kind !== 'delete') return waiting;
  const base: Record<string, Version | null> = { ...waiting.base };
  for (const [field, answer] of Object.entries(ack.fields ?? {})) {
    const touched = waiting.set !== undefined && field in waiting.set;
    const version = ownVersion(sent, ack, field, answer);
    if (touched && version) base[field] = version;
  }
  if (waiting.kind === 'delete' && ack.seq !== null) base['*'] = [ack.epoch, ack.seq];
  return { ...waiting, base };
}

/**
 * The version that an acknowledged field has by this person's doing, or null. Not simply the actor's version of now: somebody else may have
 * written between the edit and its answer. A merged text holds lines that this person has not seen, so its base stays, and the server merges again.
 */
function ownVersion(sent: Edit, ack: Ack, field: string, answer: FieldAck): Version | null {
  if (answer.result === 'applied') return ack.seq === null ? null : [ack.epoch, ack.seq];
  const now = ack.actor?.fields[field] ?? null;
  const still = JSON.stringify(now) === JSON.stringify(sent.set?.[field] ?? null);
  return answer.result === 'same' && still ? (ack.actor?.versions[field] ?? null) : null;
}

/** Whether later typing may still be folded into a waiting edit (same kind, same single subject). */
export function canFold(waiting: Edit, next: Edit): boolean {
  return waiting.kind === 'set' && next.kind === 'set' && waiting.subject.id === next.subject.id;
}

/** Later typing replaces the value, the first base stays: it is the version that was seen before typing. */
export function fold(waiting: Edit, next: Edit): Edit {
  return { ...waiting, set: { ...waiting.set, ...next.set }, base: { ...next.base, ...waiting.base } };
}

/** The actor as it will be once this edit is accepted. */
export function applyEdit(actor: Actor | null, edit: Edit, now: string): Actor | null {
  if (edit.kind === 'create') return applySet(emptyActor(edit, now), edit, now);
  if (!actor) return null;
  if (edit.kind === 'set') return applySet(actor, edit, now);
  if (edit.kind === 'delete') return { ...actor, state: 'deleted' };
  if (edit.kind === 'restore') return { ...actor, state: 'to_check' };
  if (edit.kind === 'add' || edit.kind === 'remove') {
    const fields = { ...actor.fields };
    for (const [field, given] of Object.entries(edit.set ?? {})) {
      const before = listOf(fields[field]);
      const values = listOf(given ?? undefined);
      fields[field] =
        edit.kind === 'add'
          ? [...before, ...values.filter((v) => !before.includes(v))]
          : before.filter((v) => !values.includes(v));
    }
    return { ...actor, fields };
  }
  return actor;
}

/** The fields that were written after the actor was at this version, newest first. */
export function changedSince(actor: Actor, seen: Version | null): string[] {
  const later = Object.entries(actor.versions).filter(([, v]) => seen === null || isNewer(v, seen));
  return later.sort(([, a], [, b]) => b[1] - a[1]).map(([field]) => field);
}

/** Whether a version is of a later edit than another; of another history, the one just told is. */
export function isNewer(version: Version, than: Version): boolean {
  return version[0] !== than[0] || version[1] > than[1];
}

/**
 * The actor after an accepted edit that the socket told, field by field; null when that is not enough to know and the actor must be read:
 * an edit told without its values, an actor that went or came back.
 */
export function afterEdit(
  actor: Actor,
  epoch: number,
  edit: LiveEdit,
  features: readonly ActorFeature[],
): Actor | null {
  const line = features.find((f) => f.properties.id === actor.id);
  if (!edit.fields || !line || edit.kind === 'delete' || edit.kind === 'restore' || edit.kind === 'redact')
    return null;
  const version: Version = [epoch, edit.seq];
  const next = applySet(actor, { set: edit.fields }, edit.at, edit.by);
  const versions = { ...actor.versions };
  for (const field of Object.keys(edit.fields)) versions[field] = version;
  const places = [...next.places].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...next, places, versions, version, state: line.properties.state };
}

/** The actor with everything this device has not yet got acknowledged laid over it, in order. */
export function withPending(actor: Actor | null, pending: readonly Edit[], now: string): Actor | null {
  return pending.reduce<Actor | null>((state, edit) => applyEdit(state, edit, now), actor);
}

function emptyActor(edit: Edit, now: string): Actor {
  const id = edit.subject.id;
  const territory = edit.territory ?? '';
  return {
    id,
    territory,
    state: 'to_check',
    fields: {},
    versions: {},
    version: null,
    provenance: {},
    places: [],
    territories: [territory],
    source: null,
    created_at: now,
    updated_at: now,
    url: `/${territory}/acteurs/${id}`,
  };
}

function applySet(actor: Actor, edit: Pick<Edit, 'set'>, now: string, by: string | null = null): Actor {
  const fields = { ...actor.fields };
  const provenance = { ...actor.provenance };
  let places = actor.places;
  for (const [field, value] of Object.entries(edit.set ?? {})) {
    if (value === null) delete fields[field];
    else fields[field] = value;
    provenance[field] = { by, at: now, source: null };
    places = applyPlace(places, field, value);
  }
  return { ...actor, fields, provenance, places, updated_at: now };
}

function applyPlace(places: Place[], field: string, value: FieldValue | null): Place[] {
  const pid = POSITION.exec(field)?.[1] ?? ADDRESS.exec(field)?.[1];
  if (!pid) return places;
  const others = places.filter((p) => p.id !== pid);
  const known = places.find((p) => p.id === pid);
  if (ADDRESS.test(field)) {
    return known
      ? [...others, { ...known, address: value as Address | null }]
      : places.concat(blank(pid, value));
  }
  if (value === null) return others;
  const position = value as Position;
  const point =
    position.precision === 'online'
      ? { lon: null, lat: null, precision: 'online' as const }
      : { lon: position.lon, lat: position.lat, precision: position.precision };
  return [...others, { id: pid, address: known?.address ?? null, ...point }];
}

function blank(id: string, address: FieldValue | null): Place {
  return { id, lon: null, lat: null, precision: 'online', address: address as Address | null };
}

export function listOf(value: FieldValue | undefined): string[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: FieldValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function themeOf(category: string): string {
  return category.split('.')[0] ?? '';
}

/** All categories of an actor, the primary one first. */
export function categoriesOf(actor: Actor): string[] {
  const primary = textOf(actor.fields.primary_category);
  return [primary, ...listOf(actor.fields.categories)].filter((c) => c !== '');
}

/** The lines that the list and the map overlay show for an actor: one per place, as the server makes them. */
export function featuresOf(actor: Actor): ActorFeature[] {
  const category = textOf(actor.fields.primary_category);
  const shown = actor.places.length > 0 ? actor.places : [null];
  return shown.map((place, index) => ({
    type: 'Feature',
    id: index === 0 || !place ? actor.id : `${actor.id}/${place.id}`,
    geometry:
      place && place.lon !== null && place.lat !== null
        ? { type: 'Point', coordinates: [place.lon, place.lat] }
        : null,
    properties: {
      id: actor.id,
      place: place?.id ?? null,
      name: textOf(actor.fields.name),
      category,
      theme: themeOf(category),
      categories: categoriesOf(actor),
      state: actor.state,
      summary: textOf(actor.fields.summary) || null,
      street: place?.address?.street ?? null,
      precision: place?.precision ?? null,
      confirmed_on: textOf(actor.fields.confirmed_on) || null,
      updated_at: actor.updated_at,
      source: actor.source ? 'osm' : null,
      closing: textOf(actor.fields.closing) !== '',
    },
  }));
}
