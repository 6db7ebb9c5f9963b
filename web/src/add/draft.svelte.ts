/** The actor being added: kept on the device at each letter, sent as one `create`. */
import { app } from '../lib/app.svelte';
import { api } from '../lib/api';
import { addressOf, positionOf, type PlaceChoice } from '../lib/placing';
import { openShelf } from '../lib/queue';
import type { Address, Candidate, Edit, FieldValue, Territory } from '../lib/types';
import { uuidv7 } from '../lib/uuid';
import { create } from '../lib/writing';

export interface Draft {
  name: string;
  /** Main category: a theme, a sub-category, '' for "Je ne sais pas", null when not answered yet. */
  category: string | null;
  also: string[];
  place: PlaceChoice | null;
  summary: string;
  /** Facts taken over with a register entry. */
  extra: Record<string, string>;
  candidate: string | null;
  step: number;
}

const EMPTY: Draft = {
  name: '',
  category: null,
  also: [],
  place: null,
  summary: '',
  extra: {},
  candidate: null,
  step: 1,
};

export class AddDraft {
  value = $state<Draft>({ ...EMPTY });
  /** A draft of an earlier visit was found. */
  resumed = $state(false);
  /** Identity of the actor to come: the same edit is never created twice. */
  actorId = uuidv7();
  editId = uuidv7();
  /** Filled by nobody but robots. */
  trap = $state('');
  #form: { token: string; notBefore: number } | null = null;

  constructor(readonly slug: string) {}

  get #key(): string {
    return `add:${this.slug}`;
  }

  async open(name: string): Promise<void> {
    const kept = await (await openShelf()).draft<Draft>(this.#key);
    if (kept && (name === '' || kept.name === name)) {
      this.value = { ...EMPTY, ...kept };
      this.resumed = kept.name !== '';
    } else this.value = { ...EMPTY, name };
    await this.askForm();
  }

  /** Anonymous creation needs a recent token; without network it is asked again when sending. */
  async askForm(): Promise<void> {
    try {
      const form = await api.form();
      this.#form = { token: form.token, notBefore: Date.now() + form.min_seconds * 1000 + 150 };
    } catch {
      this.#form = null;
    }
  }

  set(part: Partial<Draft>): void {
    this.value = { ...this.value, ...part };
    const kept = $state.snapshot(this.value);
    void openShelf().then((shelf) => shelf.keep(this.#key, kept));
  }

  async forget(): Promise<void> {
    this.value = { ...EMPTY };
    this.resumed = false;
    await (await openShelf()).forget(this.#key);
  }

  /** Takes over what a register entry knows; the server records where it comes from. */
  takeCandidate(candidate: Candidate): void {
    const extra: Record<string, string> = {};
    if (candidate.website) extra.website = candidate.website;
    if (candidate.phone) extra.phone = candidate.phone;
    if (candidate.opening_hours) extra.opening_hours = candidate.opening_hours;
    const address: Address =
      typeof candidate.address === 'string' ? { street: candidate.address } : (candidate.address ?? {});
    const place: PlaceChoice | null =
      candidate.lon !== null && candidate.lat !== null
        ? {
            kind: 'point',
            lon: candidate.lon,
            lat: candidate.lat,
            precision: 'exact',
            address,
            text: [address.housenumber, address.street].filter(Boolean).join(' '),
          }
        : null;
    this.set({
      name: candidate.name ?? this.value.name,
      category: candidate.category || null,
      place,
      extra,
      candidate: candidate.id,
      step: 2,
    });
  }

  edit(territory: Territory): Edit {
    const draft = $state.snapshot(this.value) as Draft;
    const set: Record<string, FieldValue | null> = { name: draft.name.trim(), ...draft.extra };
    if (draft.category) set.primary_category = draft.category;
    const also = draft.also.filter((c) => c !== draft.category);
    if (also.length > 0) set.categories = also;
    if (draft.summary.trim()) set.summary = draft.summary.trim();
    if (draft.place) {
      set['place/p1/position'] = positionOf(draft.place, territory);
      const address = addressOf(draft.place, territory);
      if (address) set['place/p1/address'] = address;
    }
    return {
      id: this.editId,
      subject: { kind: 'actor', id: this.actorId },
      kind: 'create',
      territory: this.slug,
      set,
      ...(draft.candidate ? { candidate: draft.candidate } : {}),
    };
  }

  send(territory: Territory) {
    const anonymous = app.role === 'visitor' || app.role === 'contributor';
    const form = this.#form ?? { token: '', notBefore: 0 };
    return create(
      this.edit(territory),
      anonymous ? { token: form.token, trap: this.trap, notBefore: form.notBefore } : undefined,
      this.value.name.trim(),
      this.slug,
    );
  }
}
