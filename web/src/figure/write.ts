/** Every way a person changes a figure; all go through the outbox, like what is written of actors. */
import { outbox, type Sent } from '../lib/outbox.svelte';
import type { Edit, FieldValue, Version } from '../lib/types';
import { paths } from '../lib/routes';
import { uuidv7 } from '../lib/uuid';
import { setDelta } from '../lib/journal';
import type { Figure, FigureFields } from './types';

function send(edit: Edit, name: string, slug: string): Promise<Sent> {
  const href = paths.figure(edit.subject.id);
  return outbox.add({ id: edit.id, edit, state: 'waiting', at: Date.now(), name, slug, href });
}

/** A new figure; gives its id at once, and the server's word when it has come. */
export function make(slug: string, fields: FigureFields): { id: string; sent: Promise<Sent> } {
  const id = uuidv7();
  const set = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== '' && value?.length !== 0),
  ) as Record<string, FieldValue>;
  const edit: Edit = {
    id: uuidv7(),
    subject: { kind: 'figure', id },
    kind: 'create',
    territory: slug,
    set,
  };
  return { id, sent: send(edit, fields.title, slug) };
}

/** Sets fields on the versions that were seen. */
export function change(
  figure: Figure,
  set: Partial<Record<keyof FigureFields, FieldValue | null>>,
  versions: Record<string, Version> = figure.versions,
): Promise<Sent> {
  const base: Record<string, Version> = {};
  for (const field of Object.keys(set)) {
    const version = versions[field];
    if (version) base[field] = version;
  }
  const edit: Edit = {
    id: uuidv7(),
    subject: { kind: 'figure', id: figure.id },
    kind: 'set',
    set: set as Record<string, FieldValue | null>,
    base,
  };
  return send(edit, figure.fields.title, figure.territory.slug);
}

/** The sites that may frame it: only what was added and what was taken away is sent. */
export async function changeEmbedders(figure: Figure, after: readonly string[]): Promise<Sent[]> {
  const { add, remove } = setDelta(figure.fields.embedders ?? [], after);
  const one = (kind: 'add' | 'remove', embedders: string[]) =>
    send(
      { id: uuidv7(), subject: { kind: 'figure', id: figure.id }, kind, set: { embedders } },
      figure.fields.title,
      figure.territory.slug,
    );
  return Promise.all([
    ...(remove.length > 0 ? [one('remove', remove)] : []),
    ...(add.length > 0 ? [one('add', add)] : []),
  ]);
}

export function takeAway(figure: Figure): Promise<Sent> {
  const base: Record<string, Version> = figure.version ? { '*': figure.version } : {};
  return send(
    { id: uuidv7(), subject: { kind: 'figure', id: figure.id }, kind: 'delete', base },
    figure.fields.title,
    figure.territory.slug,
  );
}

/** Why the server said no, in its words; null when it did not. A refused edit leaves the queue: the words are still in the form. */
export function refusalOf(sent: Sent): string | null {
  if ('refused' in sent) return sent.refused.message;
  const { ack } = sent;
  const message = ack.message ?? Object.values(ack.fields ?? {}).find((f) => f.result === 'refused')?.message;
  return ack.result === 'refused' || message ? (message ?? '') : null;
}

/** What waits of a figure is forgotten: it was refused, or answered by another edit. */
export async function forget(id: string): Promise<void> {
  for (const pending of outbox.forActor(id)) {
    if (pending.state === 'refused' || pending.state === 'conflict') await outbox.drop(pending.id);
  }
}
