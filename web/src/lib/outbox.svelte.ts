/** Sends the queue: keeps first, sends after, forgets only what is acknowledged. */
import { SvelteMap } from 'svelte/reactivity';
import { api, Refused, Unreachable } from './api';
import {
  added,
  answered,
  backoff,
  byTime,
  KEPT_MS,
  nextToSend,
  openShelf,
  toOffer,
  type Pending,
} from './queue';
import type { Ack, Actor, Edit, EditsAnswer } from './types';
import { uuidv7 } from './uuid';

export type Sent = { ack: Ack } | { refused: Refused };
type Listener = (actor: Actor, edit: Edit, ack: Ack) => void;
/** Another way to the server than a request: the live socket while it is open; null when it is not. */
export type Courier = (edit: Edit, form: Pending['form']) => Promise<EditsAnswer> | null;

class Outbox {
  /** Everything not yet acknowledged, oldest first. */
  queue = $state<Pending[]>([]);
  /** The server did not answer the last time; `retryAt` is when the next try happens. */
  offline = $state(false);
  retryAt = $state(0);
  /** Sentence of the server when it asks to wait (quota). */
  waitReason = $state('');
  /** Fields saved during this visit, by actor: "Enregistré" stays under them. */
  saved = new SvelteMap<string, string[]>();
  /** Asked first when something is to be sent. */
  courier: Courier = () => null;

  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;
  #listeners = new Set<Listener>();
  #waiters = new Map<string, ((sent: Sent) => void)[]>();
  /** The history that the server is in, as it last said. */
  #epoch = 0;
  /** Ids of everything that left during this visit: others' news are what is not among them. */
  #mine = new Set<string>();

  async start(): Promise<void> {
    const shelf = await openShelf();
    this.queue = await shelf.all();
    void shelf.purge(Date.now() - KEPT_MS);
    addEventListener('online', () => this.#soon(0));
    addEventListener('beforeunload', (event) => {
      // Kept on the device already: no alarm needed, except when the browser refuses to keep anything.
      if (this.queue.length > 0 && !('indexedDB' in globalThis)) event.preventDefault();
    });
    this.#soon(0);
  }

  onAck(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps an edit on the device, then sends it as soon as possible. Resolves once the server answered. */
  async add(pending: Pending): Promise<Sent> {
    const { queue, stored } = added(this.queue, pending);
    this.queue = queue;
    await (await openShelf()).put(stored);
    const answer = new Promise<Sent>((resolve) => {
      this.#waiters.set(stored.id, [...(this.#waiters.get(stored.id) ?? []), resolve]);
    });
    this.#soon(0);
    return answer;
  }

  /** Forgets one entry because the person decided so (dropped, or answered by another edit). */
  async drop(id: string): Promise<void> {
    this.queue = this.queue.filter((p) => p.id !== id);
    await (await openShelf()).drop(id);
  }

  /** A refused edit goes again once the person changed or wants it. */
  async retry(id: string): Promise<void> {
    const pending = this.queue.find((p) => p.id === id);
    if (!pending) return;
    await this.#replace({ ...pending, state: 'waiting', message: undefined, fields: undefined });
    this.#soon(0);
  }

  /** Drops answered conflict fields; the entry leaves when none remains. */
  async settle(id: string, field: string): Promise<void> {
    const pending = this.queue.find((p) => p.id === id);
    if (!pending) return;
    const conflicts = (pending.conflicts ?? []).filter((c) => c.field !== field);
    if (conflicts.length === 0) await this.drop(id);
    else await this.#replace({ ...pending, conflicts });
  }

  /** Whether this device sent an edit of this id during this visit. */
  isMine(id: string): boolean {
    return this.#mine.has(id) || this.queue.some((p) => p.id === id);
  }

  /** The server is in this history. In another one than before, it may have lost what it had acknowledged: all of that is offered again. Gives how many. */
  async inEpoch(epoch: number): Promise<number> {
    if (epoch === this.#epoch) return 0;
    this.#epoch = epoch;
    const shelf = await openShelf();
    const again = toOffer(await shelf.acked(), this.queue, epoch);
    if (again.length === 0) return 0;
    await shelf.offer(again);
    const ids = new Set(again.map((p) => p.id));
    this.queue = [...again, ...this.queue.filter((p) => !ids.has(p.id))].sort(byTime);
    this.#soon(0);
    return again.length;
  }

  forActor(id: string): Pending[] {
    return this.queue.filter((p) => p.edit.subject.id === id);
  }

  retryNow(): void {
    this.#soon(0);
  }

  #soon(seconds: number): void {
    clearTimeout(this.#timer);
    this.retryAt = Date.now() + seconds * 1000;
    this.#timer = setTimeout(() => void this.#run(), seconds * 1000);
  }

  async #run(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let next = nextToSend(this.queue, Date.now()); next; next = nextToSend(this.queue, Date.now())) {
        if (!(await this.#send(next))) return;
      }
      const later = this.queue.flatMap((p) => (p.form && p.state === 'waiting' ? [p.form.notBefore] : []));
      if (later.length > 0) this.#soon(Math.max(0.1, (Math.min(...later) - Date.now()) / 1000));
    } finally {
      this.#sending = false;
    }
  }

  /** True when the loop may go on. An edit is marked as sent before it leaves: from then on it is frozen. */
  async #send(pending: Pending): Promise<boolean> {
    const frozen: Pending = { ...pending, state: 'sent' };
    await this.#replace(frozen);
    try {
      const edit = $state.snapshot(frozen.edit) as Edit;
      this.#mine.add(edit.id);
      const answer = await (this.courier(edit, frozen.form) ?? api.edit(edit, frozen.form));
      this.#reached();
      const ack = answer.results.find((r) => r.id === frozen.id) ?? answer.results[0];
      if (!ack) throw new Unreachable();
      if (ack.result === 'refused' && isFormCode(ack.code) && frozen.form)
        return await this.#freshForm(frozen);
      if (ack.result === 'refused' && isSeanceCode(ack.code)) return await this.#withoutSeance(frozen);
      await this.#take(frozen, ack, answer.epoch);
      void this.inEpoch(answer.epoch);
      return true;
    } catch (error) {
      if (error instanceof Refused && error.status !== 429 && error.status < 500) {
        if (isFormCode(error.code) && frozen.form) return await this.#freshForm(frozen);
        if (isSeanceCode(error.code) && frozen.edit.seance) return await this.#withoutSeance(frozen);
        this.#reached();
        await this.#replace({ ...frozen, state: 'refused', message: error.message, fields: error.fields });
        this.#tell(frozen.id, { refused: error });
        return true;
      }
      this.#tries += 1;
      this.offline = !(error instanceof Refused);
      this.waitReason = error instanceof Refused ? error.message : '';
      const asked = error instanceof Refused ? error.retryAfter : null;
      this.#soon(asked ?? backoff(this.#tries));
      return false;
    }
  }

  /** The form's token was too young or too old: a new one, and the same edit with the same id. */
  async #freshForm(pending: Pending): Promise<boolean> {
    const form = await api.form();
    const notBefore = Date.now() + form.min_seconds * 1000 + 200;
    await this.#replace({ ...pending, state: 'waiting', form: { token: form.token, trap: '', notBefore } });
    return true;
  }

  /** The séance is over, or this is outside of it: the same words as an ordinary contribution, so that nothing is lost. */
  async #withoutSeance(pending: Pending): Promise<boolean> {
    const id = uuidv7();
    const edit: Edit = { ...pending.edit, id };
    delete edit.seance;
    const again: Pending = { ...pending, id, edit, state: 'waiting' };
    // Somebody without an identity needs a form to add an actor; an empty token is answered by a fresh one.
    if (edit.kind === 'create') again.form ??= { token: '', trap: '', notBefore: 0 };
    const store = await openShelf();
    await store.put(again);
    await store.drop(pending.id);
    this.queue = this.queue.map((p) => (p.id === pending.id ? again : p));
    const waiters = this.#waiters.get(pending.id);
    if (waiters) this.#waiters.set(id, waiters);
    this.#waiters.delete(pending.id);
    return true;
  }

  async #take(pending: Pending, ack: Ack, epoch: number): Promise<void> {
    const { queue, changed } = answered(this.queue, pending.id, ack, epoch);
    const store = await openShelf();
    for (const one of changed) await store.put(one);
    if (!queue.some((p) => p.id === pending.id)) {
      const kept = ack.seq === null ? null : { ...pending, epoch, ackedAt: Date.now() };
      await store.done(pending.id, kept);
    }
    this.queue = queue;
    const id = pending.edit.subject.id;
    const done = Object.entries(ack.fields ?? {}).filter(
      ([, a]) => a.result !== 'conflict' && a.result !== 'refused',
    );
    if (done.length > 0) {
      this.saved.set(id, [...new Set([...(this.saved.get(id) ?? []), ...done.map(([f]) => f)])]);
    }
    if (ack.actor) for (const listen of this.#listeners) listen(ack.actor, pending.edit, ack);
    this.#tell(pending.id, { ack });
  }

  #reached(): void {
    this.#tries = 0;
    this.offline = false;
    this.waitReason = '';
  }

  #tell(id: string, sent: Sent): void {
    for (const resolve of this.#waiters.get(id) ?? []) resolve(sent);
    this.#waiters.delete(id);
  }

  async #replace(pending: Pending): Promise<void> {
    this.queue = this.queue.map((p) => (p.id === pending.id ? pending : p));
    await (await openShelf()).put(pending);
  }
}

function isFormCode(code: string | undefined): boolean {
  return code !== undefined && /form|token|too_(fast|soon)/.test(code);
}

function isSeanceCode(code: string | undefined): boolean {
  return code === 'seance_over' || code === 'outside_area' || code === 'not_a_participant';
}

export const outbox = new Outbox();
