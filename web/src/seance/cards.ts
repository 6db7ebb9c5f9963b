/** Paper cards typed in: what one holds, the edit it becomes, and how far it is. Nothing here knows the screen. */
import { addressOf, positionOf, type PlaceChoice } from '../lib/placing';
import type { Pending } from '../lib/queue';
import type { Edit, FieldValue, Territory } from '../lib/types';

export interface Card {
  /** Also the actor that it becomes: sent twice, it is still one actor. */
  id: string;
  edit: string;
  name: string;
  /** A theme; '' when the card does not say. */
  theme: string;
  /** What was typed for the place; it counts once it was found. */
  where: string;
  place: PlaceChoice | null;
  summary: string;
  /** The typist looked at the actors that are like it, and it is another one. */
  sure: boolean;
  sent: boolean;
  /** It is already on the map: this actor. */
  same: string | null;
}

export const blank = (id: string, edit: string): Card => ({
  id,
  edit,
  name: '',
  theme: '',
  where: '',
  place: null,
  summary: '',
  sure: false,
  sent: false,
  same: null,
});

export const isBlank = (card: Card): boolean =>
  !card.sent && [card.name, card.theme, card.where, card.summary].every((text) => text.trim() === '');

/** What the card lacks before it can go, by field. */
export function lacks(card: Card): 'name' | 'where' | null {
  if (card.name.trim() === '') return 'name';
  return card.where.trim() !== '' && card.place === null ? 'where' : null;
}

export function editOf(card: Card, territory: Territory): Edit {
  const set: Record<string, FieldValue | null> = { name: card.name.trim() };
  if (card.theme) set.primary_category = card.theme;
  if (card.summary.trim()) set.summary = card.summary.trim();
  if (card.place) {
    set['place/p1/position'] = positionOf(card.place, territory);
    const address = addressOf(card.place, territory);
    if (address) set['place/p1/address'] = address;
  }
  return {
    id: card.edit,
    subject: { kind: 'actor', id: card.id },
    kind: 'create',
    territory: territory.slug,
    set,
  };
}

export type CardState = 'typing' | 'same' | 'sending' | 'kept' | 'refused' | 'online';

/** How far a card is. What the outbox no longer holds was acknowledged. */
export function stateOf(card: Card, queue: readonly Pending[], offline: boolean): CardState {
  if (card.same) return 'same';
  if (!card.sent) return 'typing';
  const pending = queue.find((p) => p.edit.subject.id === card.id && p.edit.kind === 'create');
  if (!pending) return 'online';
  if (pending.state === 'refused' || pending.state === 'conflict') return 'refused';
  return offline ? 'kept' : 'sending';
}

/** The pile as it should be: the cards with something on them, and one empty card to type on at the end. */
export function withRoom(cards: readonly Card[], fresh: () => Card): Card[] {
  const last = cards.at(-1);
  return last && isBlank(last) ? [...cards] : [...cards, fresh()];
}
