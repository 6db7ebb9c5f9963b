/** Sends the queue: keeps first, sends after, forgets only what is acknowledged. */
import { SvelteMap } from 'svelte/reactivity';
import { api, Refused, Unreachable } from './api';
import { added, answered, backoff, nextToSend, openShelf, type Pending } from './queue';
import type { Ack, Actor, Edit } from './types';

export type Sent = { ack: Ack } | { refused: Refused };
type Listener = (actor: Actor, edit: Edit, ack: Ack) => void;

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

  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;
  #listeners = new Set<Listener>();
  #waiters = new Map<string, ((sent: Sent) => void)[]>();

  async start(): Promise<void> {
    this.queue = await (await openShelf()).all();
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
      const answer = await api.edit($state.snapshot(frozen.edit) as Edit, frozen.form);
      this.#reached();
      const ack = answer.results.find((r) => r.id === frozen.id) ?? answer.results[0];
      if (!ack) throw new Unreachable();
      if (ack.result === 'refused' && isFormCode(ack.code) && frozen.form)
        return await this.#freshForm(frozen);
      await this.#take(frozen, ack);
      return true;
    } catch (error) {
      if (error instanceof Refused && error.status !== 429 && error.status < 500) {
        if (isFormCode(error.code) && frozen.form) return await this.#freshForm(frozen);
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

  async #take(pending: Pending, ack: Ack): Promise<void> {
    const { queue, changed } = answered(this.queue, pending.id, ack);
    const store = await openShelf();
    for (const one of changed) await store.put(one);
    if (!queue.some((p) => p.id === pending.id)) await store.drop(pending.id);
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

export const outbox = new Outbox();
