/** How sure a field is: three dots and words, from when it was last confirmed and by whom. */
import { t } from '../i18n';
import { ago, daysAgo, month, monthsSince } from './dates';
import type { Actor, ActorProperties } from './types';

export interface Freshness {
  /** 3 under 6 months, 2 under 18 months, 1 when older or only imported. */
  dots: 1 | 2 | 3;
  words: string;
}

export function dotsFor(when: string | null, imported: boolean, now: number = Date.now()): 1 | 2 | 3 {
  if (when === null || imported) return 1;
  const months = monthsSince(when, now);
  return months < 6 ? 3 : months < 18 ? 2 : 1;
}

/** Freshness of one field of an actor: its own edit, or a later "C'est juste" on the whole actor. */
export function ofField(actor: Actor, field: string, now: number = Date.now()): Freshness {
  const own = actor.provenance[field];
  const confirmed = actor.fields.confirmed_on;
  const confirmedOn = typeof confirmed === 'string' ? confirmed : null;
  if (confirmedOn && (!own || confirmedOn >= own.at.slice(0, 10))) {
    const by = actor.provenance.confirmed_on?.by;
    const when = daysAgo(confirmedOn, now);
    return {
      dots: dotsFor(confirmedOn, false, now),
      words: by ? t('fresh.confirmedBy', { when, by }) : t('fresh.confirmed', { when }),
    };
  }
  if (!own) return { dots: 1, words: t('fresh.never') };
  if (own.source === 'osm') return { dots: 1, words: t('fresh.osm', { when: month(own.at) }) };
  if (own.source) return { dots: 1, words: t('fresh.import', { when: month(own.at) }) };
  return {
    dots: dotsFor(own.at, false, now),
    words: own.by
      ? t('fresh.writtenBy', { when: ago(own.at, now), by: own.by })
      : t('fresh.written', { when: ago(own.at, now) }),
  };
}

/** Freshness of an actor in a list. */
export function ofLine(actor: ActorProperties, now: number = Date.now()): Freshness {
  if (actor.confirmed_on) {
    const when = daysAgo(actor.confirmed_on, now);
    return { dots: dotsFor(actor.confirmed_on, false, now), words: t('fresh.confirmed', { when }) };
  }
  if (actor.source) return { dots: 1, words: t('fresh.never') };
  return {
    dots: dotsFor(actor.updated_at, false, now),
    words: t('fresh.written', { when: ago(actor.updated_at, now) }),
  };
}
