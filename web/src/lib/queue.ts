/** What this device keeps until the server has acknowledged it: edits to send, and half-written drafts. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { recall, remember } from './device';
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
  /** Where it is shown, when that is not an actor's sheet. */
  href?: string;
  /** Anonymous creation: the form's token, and the earliest moment the server will take it. */
  form?: { token: string; trap: string; notBefore: number };
  conflicts?: Conflict[];
  /** Why it was refused, in words. */
  message?: string;
  fields?: Record<string, string>;
  /** Acknowledged before the server went back to an older state, and offered again: its content must stay as it was. */
  offered?: boolean;
}

/** An edit that the server has taken, kept for a while: a server restored from a backup may have lost it. */
export interface Acked extends Pending {
  /** The history in which it was acknowledged. */
  epoch: number;
  /** Milliseconds since 1970. */
  ackedAt: number;
}
/** How long acknowledged edits are kept: the journal may go back to a backup of this age without losing what people did since. */
export const KEPT_MS = 7 * 24 * 3600 * 1000;

interface Schema extends DBSchema {
  edits: { key: string; value: Pending };
  drafts: { key: string; value: unknown };
}
/** A database of its own: a new store in the first one would have to wait for tabs that still run an older page. */
interface AckedSchema extends DBSchema {
  acked: { key: string; value: Acked };
}

/** Where pending edits and drafts live; a private window without IndexedDB falls back to memory. */
export interface Shelf {
  all(): Promise<Pending[]>;
  put(pending: Pending): Promise<void>;
  drop(id: string): Promise<void>;
  draft<T>(key: string): Promise<T | undefined>;
  keep(key: string, value: unknown): Promise<void>;
  forget(key: string): Promise<void>;
  /** Edits acknowledged and not yet forgotten, oldest first. */
  acked(): Promise<Acked[]>;
  /** An edit no longer waits; it is kept among the acknowledged ones, unless there is nothing to keep. */
  done(id: string, acked: Acked | null): Promise<void>;
  /** Acknowledged edits wait again. */
  offer(again: readonly Pending[]): Promise<void>;
  /** Forgets what was acknowledged before this moment. */
  purge(before: number): Promise<void>;
}

let shelf: Promise<Shelf> | null = null;
export function openShelf(): Promise<Shelf> {
  // A browser without IndexedDB throws at once, one that forbids it says no later: both end in memory.
  shelf ??= openDatabases().catch(() => memoryShelf());
  return shelf;
}

async function openDatabases(): Promise<Shelf> {
  const db = await openDB<Schema>('bouillon', 1, {
    upgrade(db) {
      db.createObjectStore('edits', { keyPath: 'id' });
      db.createObjectStore('drafts');
    },
  });
  const past = await openDB<AckedSchema>('bouillon-acked', 1, {
    upgrade: (db) => void db.createObjectStore('acked', { keyPath: 'id' }),
  });
  return databaseShelf(db, past);
}

/** Before the key of a draft that the database does not have yet. */
const LATE = 'draft:';

function databaseShelf(db: IDBPDatabase<Schema>, past: IDBPDatabase<AckedSchema>): Shelf {
  return {
    all: async () => (await db.getAll('edits')).sort(byTime),
    put: async (pending) => void (await db.put('edits', plain(pending))),
    drop: (id) => db.delete('edits', id),
    draft: async <T>(key: string) => {
      const late = recall(LATE + key);
      return (late === null ? await db.get('drafts', key) : JSON.parse(late)) as T | undefined;
    },
    // A page that is left takes an unfinished transaction with it: the last letters stand elsewhere until the database has them.
    keep: async (key, value) => {
      const text = JSON.stringify(value);
      remember(LATE + key, text);
      await db.put('drafts', JSON.parse(text), key);
      if (recall(LATE + key) === text) remember(LATE + key, null);
    },
    forget: (key) => {
      remember(LATE + key, null);
      return db.delete('drafts', key);
    },
    acked: async () => (await past.getAll('acked')).sort(byTime),
    // The new place first: a tab that is closed in between leaves the edit in both, and sending it twice is sending it once.
    done: async (id, acked) => {
      if (acked) await past.put('acked', plain(acked));
      await db.delete('edits', id);
    },
    offer: async (again) => {
      for (const pending of again) {
        await db.put('edits', plain(pending));
        await past.delete('acked', pending.id);
      }
    },
    purge: async (before) => {
      const store = past.transaction('acked', 'readwrite').store;
      for (const old of await store.getAll()) if (old.ackedAt < before) await store.delete(old.id);
    },
  };
}

export function memoryShelf(): Shelf {
  const edits = new Map<string, Pending>();
  const drafts = new Map<string, unknown>();
  const acked = new Map<string, Acked>();
  return {
    all: async () => [...edits.values()].sort(byTime),
    put: async (pending) => void edits.set(pending.id, plain(pending)),
    drop: async (id) => void edits.delete(id),
    draft: async <T>(key: string) => drafts.get(key) as T | undefined,
    keep: async (key, value) => void drafts.set(key, plain(value)),
    forget: async (key) => void drafts.delete(key),
    acked: async () => [...acked.values()].sort(byTime),
    done: async (id, one) => {
      if (one) acked.set(id, plain(one));
      edits.delete(id);
    },
    offer: async (again) => {
      for (const pending of again) {
        edits.set(pending.id, plain(pending));
        acked.delete(pending.id);
      }
    },
    purge: async (before) => {
      for (const old of acked.values()) if (old.ackedAt < before) acked.delete(old.id);
    },
  };
}

/** IndexedDB cannot clone the reactive proxies of the interface. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export function byTime(a: Pending, b: Pending): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}

/** Adds an edit: folded into the last waiting one of the same actor, or at the end. Sent edits are frozen. */
export function added(queue: readonly Pending[], next: Pending): { queue: Pending[]; stored: Pending } {
  const mine = queue.filter((p) => p.edit.subject.id === next.edit.subject.id);
  const last = mine.at(-1);
  if (last && last.state === 'waiting' && !last.offered && canFold(last.edit, next.edit)) {
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

/** What was acknowledged in another history than this one, to be offered again: as it was, before everything that waits. */
export function toOffer(acked: readonly Acked[], queue: readonly Pending[], epoch: number): Pending[] {
  const onItsWay = (id: string) =>
    queue.some((p) => p.id === id && (p.state === 'waiting' || p.state === 'sent'));
  return acked
    .filter((a) => a.epoch !== epoch && !onItsWay(a.id))
    .map(({ epoch: _epoch, ackedAt: _at, ...pending }) => ({ ...pending, state: 'waiting', offered: true }));
}

/** The queue after an acknowledgement: done ones leave, the others stay with what they need to be decided. */
export function answered(
  queue: readonly Pending[],
  id: string,
  ack: Ack,
  epoch: number = ack.epoch,
): { queue: Pending[]; changed: Pending[] } {
  const changed: Pending[] = [];
  const next: Pending[] = [];
  const sent = queue.find((p) => p.id === id)?.edit;
  // The ack of another history says that the server still has the edit: what was offered after it may be there too, and must not change.
  const known = ack.epoch !== epoch;
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
      sent?.subject.id === pending.edit.subject.id &&
      !(pending.offered && known)
    ) {
      rebased = true;
      next.push({ ...pending, edit: rebase(pending.edit, sent, ack) });
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
