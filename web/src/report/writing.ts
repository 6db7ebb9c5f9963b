/** Changes of reports, blocks and devices: through the outbox, on the versions that were seen, like those of actors. */
import { t } from '../i18n';
import { answerEdit, type Conflict } from '../lib/journal';
import { outbox, type Sent } from '../lib/outbox.svelte';
import type { Pending } from '../lib/queue';
import type { Edit, FieldValue, Version } from '../lib/types';
import { uuidv7 } from '../lib/uuid';
import type { Part, WorkKind, WorkValue } from './types';

/** Where a change belongs: what the outbox says and links to while it waits. */
export interface Place {
  slug: string;
  name: string;
  href: string;
}
type Values = Record<string, WorkValue | null>;
type Subject = { kind: WorkKind; id: string };

function send(place: Place, edit: Edit): Promise<Sent> {
  return outbox.add({ id: edit.id, edit, state: 'waiting', at: Date.now(), ...place });
}

export function make(place: Place, kind: WorkKind, set: Values): { id: string; sent: Promise<Sent> } {
  const subject: Subject = { kind, id: uuidv7() };
  const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null && value !== ''));
  const edit = { id: uuidv7(), subject, kind: 'create', territory: place.slug, set: given } as Edit;
  return { id: subject.id, sent: send(place, edit) };
}

export function change(
  place: Place,
  kind: WorkKind,
  part: Part<unknown>,
  set: Values,
  seen: Record<string, Version> = part.versions,
): Promise<Sent> {
  const base: Record<string, Version> = {};
  for (const field of Object.keys(set)) if (seen[field]) base[field] = seen[field];
  return send(place, {
    id: uuidv7(),
    subject: { kind, id: part.id },
    kind: 'set',
    set: set as Record<string, FieldValue | null>,
    base,
  });
}

/** Takes something away as it was seen; gives why not, in words, or nothing. */
export async function drop(place: Place, kind: WorkKind, part: Part<unknown>): Promise<string> {
  const seen = newest(Object.values(part.versions));
  const base: Record<string, Version> = seen ? { '*': seen } : {};
  const edit: Edit = { id: uuidv7(), subject: { kind, id: part.id }, kind: 'delete', base };
  const sent = await send(place, edit);
  if (!('ack' in sent) || sent.ack.result !== 'conflict') return refusalOf(sent);
  // Somebody has just changed it: it stays, and nothing waits for a decision.
  await outbox.drop(edit.id);
  return t('block.justChanged');
}

export function newest(versions: readonly Version[]): Version | null {
  return versions.reduce<Version | null>(
    (last, one) => (last && (last[0] > one[0] || (last[0] === one[0] && last[1] >= one[1])) ? last : one),
    null,
  );
}

export function putBack(place: Place, kind: WorkKind, id: string): Promise<Sent> {
  return send(place, { id: uuidv7(), subject: { kind, id }, kind: 'restore' });
}

/** Answers a conflict with the text that this person wants, on the version that won. */
export async function settle(
  place: Place,
  entry: Pending,
  conflict: Conflict,
  value: FieldValue | null,
): Promise<void> {
  const edit = answerEdit(uuidv7(), entry.edit.subject.id, conflict, value);
  const sent = send(place, { ...edit, subject: entry.edit.subject });
  await outbox.settle(entry.id, conflict.field);
  await sent;
}

/** Why the server did not take it, in words; empty when it did, or when both answers wait for a decision. */
export function refusalOf(sent: Sent): string {
  if ('refused' in sent) return sent.refused.message;
  if (sent.ack.result !== 'refused') return '';
  return (
    Object.values(sent.ack.fields ?? {}).find((f) => f.result === 'refused')?.message ??
    sent.ack.message ??
    ''
  );
}
