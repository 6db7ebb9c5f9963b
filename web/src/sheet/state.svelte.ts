/** One actor on a sheet: what the server knows, with what this device still has to send laid over it. */
import { api, Refused } from '../lib/api';
import { withPending } from '../lib/journal';
import { outbox } from '../lib/outbox.svelte';
import { t } from '../i18n';
import type { Actor, Edit } from '../lib/types';

export class ActorState {
  id = $state('');
  /** As the server last gave it; null while loading, or when the actor exists only on this device. */
  known = $state.raw<Actor | null>(null);
  error = $state('');
  missing = $state(false);
  loading = $state(false);

  readonly pending = $derived(outbox.forActor(this.id));
  readonly shown = $derived(
    withPending(
      this.known,
      this.pending.filter((p) => p.state === 'waiting' || p.state === 'sent').map((p) => p.edit as Edit),
      new Date().toISOString(),
    ),
  );
  readonly conflicts = $derived(this.pending.filter((p) => p.state === 'conflict'));

  async load(id: string): Promise<void> {
    if (this.id !== id) {
      this.id = id;
      this.known = null;
      this.missing = false;
    }
    this.loading = true;
    this.error = '';
    try {
      const actor = await api.actor(id);
      if (this.id === id) this.known = actor;
    } catch (error) {
      if (this.id !== id) return;
      if (error instanceof Refused && (error.status === 404 || error.status === 400)) this.missing = true;
      else this.error = error instanceof Error ? error.message : t('error.unreachable');
    } finally {
      if (this.id === id) this.loading = false;
    }
  }

  take(actor: Actor): void {
    if (actor.id === this.id) this.known = actor;
  }
}
