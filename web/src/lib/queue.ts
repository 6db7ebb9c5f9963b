/** What this device keeps until the server has acknowledged it: edits to send, and half-written drafts. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { canFold, fold, readAck, rebase, type Conflict } from './journal';
import type { Ack, Edit } from './types';

/**
 * `waiting`: may still change. `sent`: left the device at least once, frozen, resent with the same id.
 * `conflict`: answered, both values wait for the person. `refused`: answered, the text waits to be corrected.
 */
export type PendingState = 'waiting' | 'sent' | 'conflict' | 'refused';

export interface Pending {
  id: string;
  edit: Edit;
  state: PendingState;
  /** Milliseconds since 1970 when the person wrote it; also the order of sending. */
  at: number;
  /** The actor's name and its territory, to say what waits and to lead back to it. */
  name: string;
  slug: string;
  /** Anonymous creation: the form's token, and the earliest moment the server will take it. */
  form?: { token: string; trap: string; notBefore: number };
  conflicts?: Conflict[];
  /** Why it was refused, in words. */
  message?: string;
  fields?: Record<string, string>;
}

interface Schema extends DBSchema {
  edits: { key: string; value: Pending };
  drafts: { key: string; value: unknown };
}

/** Where pending edits and drafts live; a private window without IndexedDB falls back to memory. */
export interface Shelf {
  all(): Promise<Pending[]>;
  put(pending: Pending): Promise<void>;
  drop(id: string): Promise<void>;
  draft<T>(key: string): Promise<T | undefined>;
  keep(key: string, value: unknown): Promise<void>;
  forget(key: string): Promise<void>;
}

let shelf: Promise<Shelf> | null = null;
export function openShelf(): Promise<Shelf> {
  shelf ??= openDB<Schema>('bouillon', 1, {
    upgrade(db) {
      db.createObjectStore('edits', { keyPath: 'id' });
      db.createObjectStore('drafts');
    },
  })
    .then(databaseShelf)
    .catch(() => memoryShelf());
  return shelf;
}

function databaseShelf(db: IDBPDatabase<Schema>): Shelf {
  return {
    all: async () => (await db.getAll('edits')).sort(byTime),
    put: async (pending) => void (await db.put('edits', plain(pending))),
    drop: (id) => db.delete('edits', id),
    draft: async <T>(key: string) => (await db.get('drafts', key)) as T | undefined,
    keep: async (key, value) => void (await db.put('drafts', plain(value), key)),
    forget: (key) => db.delete('drafts', key),
  };
}

export function memoryShelf(): Shelf {
  const edits = new Map<string, Pending>();
  const drafts = new Map<string, unknown>();
  return {
    all: async () => [...edits.values()].sort(byTime),
    put: async (pending) => void edits.set(pending.id, plain(pending)),
    drop: async (id) => void edits.delete(id),
    draft: async <T>(key: string) => drafts.get(key) as T | undefined,
    keep: async (key, value) => void drafts.set(key, plain(value)),
    forget: async (key) => void drafts.delete(key),
  };
}

/** IndexedDB cannot clone the reactive proxies of the interface. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function byTime(a: Pending, b: Pending): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}

/** Adds an edit: folded into the last waiting one of the same actor, or at the end. Sent edits are frozen. */
export function added(queue: readonly Pending[], next: Pending): { queue: Pending[]; stored: Pending } {
  const mine = queue.filter((p) => p.edit.subject.id === next.edit.subject.id);
  const last = mine.at(-1);
  if (last && last.state === 'waiting' && canFold(last.edit, next.edit)) {
    const stored = { ...last, edit: fold(last.edit, next.edit) };
    return { queue: queue.map((p) => (p.id === last.id ? stored : p)), stored };
  }
  return { queue: [...queue, next], stored: next };
}

/** The next edit to send: the first of each actor that is waiting or unanswered, one at a time per actor. */
export function nextToSend(queue: readonly Pending[], now: number): Pending | null {
  const seen = new Set<string>();
  for (const pending of queue) {
    if (pending.state !== 'waiting' && pending.state !== 'sent') continue;
    const actor = pending.edit.subject.id;
    if (seen.has(actor)) continue;
    seen.add(actor);
    if ((pending.form?.notBefore ?? 0) <= now) return pending;
  }
  return null;
}

/** The queue after an acknowledgement: done ones leave, the others stay with what they need to be decided. */
export function answered(
  queue: readonly Pending[],
  id: string,
  ack: Ack,
): { queue: Pending[]; changed: Pending[] } {
  const changed: Pending[] = [];
  const next: Pending[] = [];
  let rebased = false;
  for (const pending of queue) {
    if (pending.id === id) {
      const outcome = readAck(pending.edit, ack);
      if (outcome.conflicts.length > 0) {
        next.push({ ...pending, state: 'conflict', conflicts: outcome.conflicts });
      } else if (outcome.refused.length > 0) {
        const fields: Record<string, string> = {};
        for (const r of outcome.refused) if (r.field) fields[r.field] = r.message;
        next.push({ ...pending, state: 'refused', message: outcome.refused[0]!.message, fields });
      } else {
        continue;
      }
      changed.push(next.at(-1)!);
    } else if (
      !rebased &&
      pending.state === 'waiting' &&
      pending.edit.subject.id === ack.actor?.id &&
      queue.some((p) => p.id === id)
    ) {
      rebased = true;
      next.push({ ...pending, edit: rebase(pending.edit, ack) });
      changed.push(next.at(-1)!);
    } else {
      next.push(pending);
    }
  }
  return { queue: next, changed };
}

/** Seconds before the next try: doubled each time, at most a minute, never all devices at once. */
export function backoff(tries: number, random: number = Math.random()): number {
  return Math.min(60, 2 ** Math.min(tries, 6)) * (0.5 + random / 2);
}
