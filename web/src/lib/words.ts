/** Names of fields and values for people: what the history, the sheet and the conflict panel say. */
import { t, tOr } from '../i18n';
import { app } from './app.svelte';
import { day, today } from './dates';
import { sayHours } from './hours';
import { actorKnown, splitRelation } from './names.svelte';
import type { Address, FieldValue, Place, Position } from './types';

/** "Horaires", "Lieu", "Adresse"… from a field of the journal. */
export function fieldName(field: string): string {
  if (/^place\/.*\/position$/.test(field)) return t('field.position');
  if (/^place\/.*\/address$/.test(field)) return t('field.address');
  return tOr(`field.${field}`, field);
}

/** A value as a sentence part; nothing is said as "rien". */
export function sayValue(field: string, value: FieldValue | null | undefined): string {
  if (value === null || value === undefined || value === '') return t('value.none');
  if (Array.isArray(value)) {
    if (value.length === 0) return t('value.none');
    if (field === 'relations') return value.map(sayRelation).join(', ');
    return value.map((v) => (field === 'categories' ? app.categoryName(v) : v)).join(', ');
  }
  if (typeof value === 'object')
    return field.endsWith('/address') ? sayAddress(value as Address) : sayPosition(value as Position);
  if (field === 'primary_category') return app.categoryName(value) || t('theme.none');
  if (field === 'opening_hours') return sayHours(value);
  if (field === 'confirmed_on') return value === today() ? t('time.today') : day(value);
  return tOr(`value.${field}.${value}`, value);
}

/** "partenaire de La Passerelle": a member of `relations`. */
export function sayRelation(member: string): string {
  const { kind, id } = splitRelation(member);
  return `${tOr(`relation.${kind}`, kind)} ${actorKnown(id)?.name ?? '…'}`;
}

export function sayPosition(position: Position): string {
  if (position.precision === 'online') return t('place.online');
  return t('place.at', {
    precision: tOr(`precision.${position.precision}`, position.precision),
    lat: position.lat.toFixed(5),
    lon: position.lon.toFixed(5),
  });
}

export function sayAddress(address: Address): string {
  const line = [address.housenumber, address.street].filter(Boolean).join(' ');
  const town = [address.postcode, address.city].filter(Boolean).join(' ');
  return [line, address.quartier, town].filter(Boolean).join(', ');
}

/** Where an actor is, in one line. */
export function sayPlace(place: Place): string {
  if (place.precision === 'online') return t('place.online');
  const address = place.address ? sayAddress(place.address) : '';
  if (address) return address;
  return t(place.precision === 'exact' ? 'place.onMap' : 'place.around');
}
