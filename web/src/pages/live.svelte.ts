/** What is newer than the tiles on screen: own edits and those of others, drawn as an overlay. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { t } from '../i18n';
import { app } from '../lib/app.svelte';
import { featuresOf, withPending } from '../lib/journal';
import { hides, type Filters } from '../lib/filters';
import { insidePolygon } from '../lib/geo';
import { outbox } from '../lib/outbox.svelte';
import type { Actor, ActorFeature, Edit } from '../lib/types';
import { socket } from '../live/socket.svelte';

/** What the socket and the answer to a question have in common. */
export interface News {
  edits: readonly { seq: number; id?: string; session?: string | null; subject: { id: string } }[];
  features: readonly ActorFeature[];
  gone: readonly string[];
  upto: number;
}

export class Live {
  /** Newest journal number to be found in the tiles after the next reading. */
  stamp = $state(0);
  /** Changes by others that the list does not show yet. */
  news = $state(0);
  own = new SvelteSet<number>();
  #newer = new SvelteMap<string, { features: ActorFeature[]; seq: number }>();

  take(actor: Actor, seq: number | null): void {
    const features = actor.state === 'deleted' ? [] : featuresOf(actor);
    this.#newer.set(actor.id, { features, seq: seq ?? this.stamp });
    if (seq !== null) {
      this.own.add(seq);
      this.stamp = Math.max(this.stamp, seq);
    }
  }

  /** Changes of the territory; returns how many were made by others. */
  changes(answer: News): number {
    const byActor = new Map<string, ActorFeature[]>();
    for (const feature of answer.features) {
      const id = feature.properties.id;
      byActor.set(id, [...(byActor.get(id) ?? []), feature]);
    }
    for (const [id, features] of byActor) this.#newer.set(id, { features, seq: answer.upto });
    for (const id of answer.gone) this.#newer.set(id, { features: [], seq: answer.upto });
    this.stamp = Math.max(this.stamp, answer.upto);
    return new Set(answer.edits.filter((e) => !this.#own(e)).map((e) => e.subject.id)).size;
  }

  /** The socket tells an edit of this page perhaps before its acknowledgement. */
  #own(edit: News['edits'][number]): boolean {
    if (edit.session && edit.session === socket.you?.session) return true;
    return this.own.has(edit.seq) || (edit.id !== undefined && outbox.isMine(edit.id));
  }

  /** The tiles now hold everything up to this number. */
  settled(stamp: number): void {
    for (const [id, entry] of this.#newer) if (entry.seq <= stamp) this.#newer.delete(id);
  }

  /** Everything is read again, as of this number, perhaps of another history: the same number then is half a step further. */
  reset(head: number): void {
    this.#newer.clear();
    this.own.clear();
    this.stamp = head === this.stamp ? head + 0.5 : head;
  }

  /** Ids whose picture in the tiles is out of date. */
  get superseded(): string[] {
    return [...this.#newer.keys()];
  }

  /** Overlay for the map: newer actors that the filter lets through, the fresh one always, unsent ones too. */
  overlay(filters: Filters, fresh: string | null, freshFeatures: readonly ActorFeature[]): ActorFeature[] {
    const shown = [...this.#newer.values()]
      .flatMap((entry) => entry.features)
      .filter((f) => f.properties.id !== fresh && !isHidden(filters, f));
    return [...shown, ...unsent().filter((f) => f.properties.id !== fresh), ...freshFeatures];
  }
}

/** Whether the filter would leave a feature out, its quartier included. */
function isHidden(filters: Filters, feature: ActorFeature): boolean {
  if (hides(filters, feature.properties)) return true;
  const area = app.territory?.quartiers.find((q) => q.slug === filters.area);
  if (!area) return false;
  const at = feature.geometry?.coordinates;
  return !at || !insidePolygon(area.boundary, at[0]!, at[1]!);
}

/** Actors created on this device that the server has not taken yet. */
export function unsent(): ActorFeature[] {
  return outbox.queue
    .filter((p) => p.edit.kind === 'create' && p.edit.subject.kind === 'actor' && p.state !== 'refused')
    .flatMap((p) => {
      const later = outbox.forActor(p.edit.subject.id).map((q) => q.edit as Edit);
      const actor = withPending(null, later, new Date(p.at).toISOString());
      return actor ? featuresOf(actor) : [];
    });
}

/** The sentence beside an actor just added that the filter would hide; empty when it would not. */
export function whyKept(feature: ActorFeature | undefined, filters: Filters): string {
  if (!feature || !isHidden(filters, feature)) return '';
  const theme = app.themeShort(feature.properties.category);
  return theme ? t('add.hidden', { theme }) : t('add.hiddenOther');
}
