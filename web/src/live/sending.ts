/** Sends edits over the open socket and pairs them with their acknowledgements; the outbox asks here first, then posts. */
import { t } from '../i18n';
import { api, Refused, Unreachable, wrote } from '../lib/api';
import { app } from '../lib/app.svelte';
import { outbox, type Courier } from '../lib/outbox.svelte';
import type { Edit, EditsAnswer } from '../lib/types';
import type { LiveRefused } from './messages';
import { socket as live, type Socket } from './socket.svelte';

/** An edit that is not acknowledged within this time goes again, with the same id. */
const ACK_MS = 10_000;

interface Waiting {
  resolve: (answer: EditsAnswer) => void;
  reject: (error: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Sending {
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    private readonly socket: Socket,
    private readonly post: typeof api.edit = api.edit,
  ) {
    socket.on('acks', ({ epoch, head, results }) => {
      wrote(epoch, head);
      for (const ack of results) this.#take(ack.id)?.resolve({ epoch, head, results: [ack] });
    });
    socket.on('refused', (m) => this.#refused(m));
    socket.on('lost', () => [...this.#waiting.keys()].forEach((id) => this.#fail(id, new Unreachable())));
  }

  /** Null when the socket can't take it now. */
  readonly courier: Courier = (edit, form) => {
    const kept = form && { token: form.token, trap: form.trap };
    if (!this.socket.send([edit], kept)) return null;
    return this.#answer(edit.id).catch((error: unknown) => this.#otherwise(error, edit, form));
  };

  #answer(id: string): Promise<EditsAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(id, new Unreachable());
        this.socket.reconnect();
      }, ACK_MS);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  /** Who has no identity yet gets one with a request, and the connection is made anew with it. */
  async #otherwise(error: unknown, edit: Edit, form: Parameters<Courier>[1]): Promise<EditsAnswer> {
    if (!(error instanceof Refused) || error.code !== 'no_identity') throw error;
    const answer = await this.post(edit, form);
    this.socket.reconnect();
    return answer;
  }

  #refused(m: LiveRefused): void {
    for (const id of m.ids) this.#fail(id, new Refused(m.status, m.code, m.detail, {}, m.retry_after, m));
  }

  #fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

/** From now on edits go over the socket whenever it is open, and a server of another history is offered what it may have lost. */
export function sendLive(): void {
  outbox.courier = new Sending(live).courier;
  const offer = async (epoch: number) => {
    const n = await outbox.inEpoch(epoch);
    if (n > 0) app.say(t('live.restored', { n }));
  };
  live.on('welcome', (m) => {
    void offer(m.epoch);
    if (outbox.offline) outbox.retryNow();
  });
  live.on('snapshot', (m) => void offer(m.epoch));
}
