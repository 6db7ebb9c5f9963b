/** Every way a person changes an actor, as one function each; all go through the outbox. */
import { t } from '../i18n';
import { joined } from '../seance/joined';
import { app } from './app.svelte';
import { answerEdit, setDelta, setEdit, textOf, type Conflict } from './journal';
import { outbox, type Sent } from './outbox.svelte';
import type { Pending } from './queue';
import type { Actor, Edit, FieldValue, Version } from './types';
import { uuidv7 } from './uuid';

function pendingOf(actor: Pick<Actor, 'id' | 'territory' | 'fields'>, edit: Edit): Pending {
  const slug = app.territory?.slug ?? actor.territory;
  const name = textOf(actor.fields.name);
  return { id: edit.id, edit: inSeance(edit, slug), state: 'waiting', at: Date.now(), name, slug };
}

/** What is written during a séance that this device takes part in counts for it. */
function inSeance(edit: Edit, slug: string): Edit {
  const seance = joined(slug)?.id;
  return seance ? { ...edit, seance } : edit;
}

const subject = (actor: Pick<Actor, 'id'>) => ({ kind: 'actor' as const, id: actor.id });

/** Sets fields on the versions the person saw when they began to write. */
export function write(
  actor: Actor,
  values: Record<string, FieldValue | null>,
  seen: Record<string, Version> = actor.versions,
): Promise<Sent> {
  return outbox.add(pendingOf(actor, setEdit(uuidv7(), { id: actor.id, versions: seen }, values)));
}

/** Changes a set (tags, links, categories…) by what was added and what was removed. */
export async function writeSet(
  actor: Pick<Actor, 'id' | 'territory' | 'fields'>,
  field: string,
  before: string[],
  after: string[],
): Promise<void> {
  const { add, remove } = setDelta(before, after);
  const sends: Promise<unknown>[] = [];
  if (remove.length > 0) {
    const edit: Edit = { id: uuidv7(), subject: subject(actor), kind: 'remove', set: { [field]: remove } };
    sends.push(outbox.add(pendingOf(actor, edit)));
  }
  if (add.length > 0) {
    const edit: Edit = { id: uuidv7(), subject: subject(actor), kind: 'add', set: { [field]: add } };
    sends.push(outbox.add(pendingOf(actor, edit)));
  }
  await Promise.all(sends);
}

export function create(edit: Edit, form: Pending['form'], name: string, slug: string): Promise<Sent> {
  return outbox.add({
    id: edit.id,
    edit: inSeance(edit, slug),
    state: 'waiting',
    at: Date.now(),
    name,
    slug,
    form,
  });
}

/** Undoes one edit. Its version tells it from another edit that got the same number after a restored backup. */
export function revert(actor: Pick<Actor, 'id' | 'territory' | 'fields'>, undone: Version): Promise<Sent> {
  const [, seq] = undone;
  const base = { '*': undone };
  return outbox.add(
    pendingOf(actor, { id: uuidv7(), subject: subject(actor), kind: 'revert', reverts: seq, base }),
  );
}

/** Takes an actor off the map, on the state that the moderator saw. */
export function remove(actor: Actor): Promise<Sent> {
  const base: Record<string, Version> = actor.version ? { '*': actor.version } : {};
  return outbox.add(pendingOf(actor, { id: uuidv7(), subject: subject(actor), kind: 'delete', base }));
}

export function restore(actor: Actor): Promise<Sent> {
  return outbox.add(pendingOf(actor, { id: uuidv7(), subject: subject(actor), kind: 'restore' }));
}

/** Answers a conflict with a value of the person's choice, on the version that won. */
export async function answer(
  actor: Actor,
  entry: Pending,
  conflict: Conflict,
  value: FieldValue | null,
): Promise<Sent> {
  const edit = answerEdit(uuidv7(), actor.id, conflict, value);
  // The fresh edit is kept on the device before the old entry is forgotten.
  const sent = outbox.add(pendingOf(actor, edit));
  await outbox.settle(entry.id, conflict.field);
  return sent;
}

/** Undoes the last modification of this visit. */
export async function undoLast(): Promise<void> {
  const last = app.lastEdit;
  if (!last) return;
  app.lastEdit = null;
  const sent = await revert(last.actor, last.undone);
  if ('ack' in sent && sent.ack.result === 'applied') app.say(t('history.done'));
}
