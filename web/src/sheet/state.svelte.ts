/** One actor on a sheet: what the server knows, with what this device still has to send laid over it. */
import { api, Refused } from '../lib/api';
import { outbox } from '../lib/outbox.svelte';
import { t } from '../i18n';
import { own } from '../live/presence.svelte';
import { afterEdit, isNewer, withPending } from '../lib/journal';
import type { Actor, ActorFeature, Edit } from '../lib/types';
import type { LiveEdit } from '../live/messages';

export class ActorState {
  id = $state('');
  /** As the server last gave it; null while loading, or when the actor exists only on this device. */
  known = $state.raw<Actor | null>(null);
  error = $state('');
  missing = $state(false);
  loading = $state(false);

  /** What the socket told while the actor was being read: the answer may be older. */
  #told: { epoch: number; edit: LiveEdit; features: readonly ActorFeature[] }[] = [];

  readonly pending = $derived(outbox.forActor(this.id));
  readonly shown = $derived(
    withPending(
      this.known,
      this.pending.filter((p) => p.state === 'waiting' || p.state === 'sent').map((p) => p.edit as Edit),
      new Date().toISOString(),
    ),
  );
  readonly conflicts = $derived(this.pending.filter((p) => p.state === 'conflict'));
  /** There is something to decide, and the person is not in the middle of writing something else. */
  readonly deciding = $derived(this.conflicts.length > 0 && own.writing === 0);

  async load(id: string): Promise<void> {
    if (this.id !== id) {
      this.id = id;
      this.known = null;
      this.missing = false;
    }
    this.loading = true;
    this.error = '';
    this.#told = [];
    try {
      const actor = await api.actor(id);
      if (this.id !== id) return;
      this.known = actor;
      for (const { epoch, edit, features } of this.#told) this.#follow(epoch, edit, features);
    } catch (error) {
      if (this.id !== id) return;
      if (error instanceof Refused && (error.status === 404 || error.status === 400)) this.missing = true;
      else this.error = error instanceof Error ? error.message : t('error.unreachable');
    } finally {
      if (this.id === id) this.loading = false;
    }
  }

  take(actor: Actor): void {
    if (actor.id !== this.id) return;
    const older = this.known?.version && actor.version && isNewer(this.known.version, actor.version);
    if (!older) this.known = actor;
  }

  /** An accepted edit of somebody: its fields change on the sheet, one by one, and nothing else moves. */
  told(epoch: number, edit: LiveEdit, features: readonly ActorFeature[]): void {
    if (edit.subject.id !== this.id) return;
    if (this.loading) this.#told.push({ epoch, edit, features });
    else this.#follow(epoch, edit, features);
  }

  #follow(epoch: number, edit: LiveEdit, features: readonly ActorFeature[]): void {
    const known = this.known;
    if (known?.version && !isNewer([epoch, edit.seq], known.version)) return;
    const next = known && afterEdit(known, epoch, edit, features);
    if (next) this.known = next;
    else void this.load(this.id);
  }
}
