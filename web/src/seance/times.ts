/** Hours of a séance: what the form proposes, and how they are said. `now` is always passed. */
import { language, t } from '../i18n';
import { day, today } from '../lib/dates';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Hours {
  /** YYYY-MM-DD, where the person is. */
  day: string;
  /** HH:MM. */
  from: string;
  to: string;
}

const two = (n: number) => String(n).padStart(2, '0');
const clock = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

/** This evening, 18:30 to 21:30; once it has begun, from now on and for two hours at least. */
export function evening(now: number): Hours {
  const date = today(now);
  const from = Math.max(now, Date.parse(`${date}T18:30`));
  const to = Math.max(Date.parse(`${date}T21:30`), from + 2 * HOUR);
  return { day: date, from: clock(new Date(from)), to: clock(new Date(to)) };
}

/** Both ends in UTC; an end at or before the start is the day after. Null when something is missing. */
export function span({ day: date, from, to }: Hours): { starts_at: string; ends_at: string } | null {
  const start = Date.parse(`${date}T${from}`);
  let end = Date.parse(`${date}T${to}`);
  if (Number.isNaN(start) || Number.isNaN(end)) return null;
  if (end <= start) end += DAY;
  return { starts_at: utc(start), ends_at: utc(end) };
}

const utc = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** "18 h 30" or "6:30 PM". */
export function hour(when: string): string {
  const date = new Date(when);
  if (language === 'fr')
    return `${date.getHours()} h${date.getMinutes() ? ` ${two(date.getMinutes())}` : ''}`;
  return new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' }).format(date);
}

/** "Aujourd'hui, de 18 h 30 à 21 h 30". */
export function sayWhen(from: string, to: string, now: number): string {
  const date = today(Date.parse(from));
  const tomorrow = today(now + DAY);
  const said = date === today(now) ? t('seance.today') : date === tomorrow ? t('seance.tomorrow') : day(from);
  return t('seance.when', { day: said, from: hour(from), to: hour(to) });
}

/** "21 h 30" today, "demain à 8 h", "le 14 mars 2027 à 8 h". */
export function until(when: string, now: number): string {
  const date = today(Date.parse(when));
  if (date === today(now)) return hour(when);
  return t('seance.dayHour', {
    day: date === today(now + DAY) ? t('seance.tomorrow').toLocaleLowerCase(language) : day(when),
    hour: hour(when),
  });
}

/** "38 min", "1 h 20", "2 jours". */
export function lasting(milliseconds: number): string {
  const minutes = Math.max(0, Math.ceil(milliseconds / MINUTE));
  if (minutes < 60) return t('seance.minutes', { n: minutes });
  if (minutes < 24 * 60) {
    const rest = minutes % 60;
    const hours = Math.floor(minutes / 60);
    return rest ? t('seance.hoursMinutes', { h: hours, m: two(rest) }) : t('seance.hours', { n: hours });
  }
  return t('seance.days', { n: Math.round(minutes / 1440) });
}

/** "Encore 38 min", "Commence dans 2 h", "Finie". */
export function sayLeft(from: string, to: string, now: number): string {
  if (now < Date.parse(from)) return t('seance.in', { time: lasting(Date.parse(from) - now) });
  if (now < Date.parse(to)) return t('seance.left', { time: lasting(Date.parse(to) - now) });
  return t('seance.ended');
}
