/** Dates and durations in words. `now` is always passed, so that tests have their own clock. */
import { language, t } from '../i18n';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30.44 * DAY;

/** "il y a 5 jours", "à l'instant", "14 mars 2027" beyond two years. */
export function ago(when: string, now: number = Date.now()): string {
  const past = now - Date.parse(when);
  if (Number.isNaN(past)) return '';
  if (past < MINUTE) return t('time.now');
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (past < HOUR) return relative.format(-Math.round(past / MINUTE), 'minute');
  if (past < DAY) return relative.format(-Math.round(past / HOUR), 'hour');
  if (past < MONTH) return relative.format(-Math.round(past / DAY), 'day');
  if (past < 24 * MONTH) return relative.format(-Math.round(past / MONTH), 'month');
  return day(when);
}

/** A day has no hour: "aujourd'hui", "hier", then as `ago`. */
export function daysAgo(date: string, now: number = Date.now()): string {
  const days = Math.round((Date.parse(today(now)) - Date.parse(date.slice(0, 10))) / DAY);
  if (Number.isNaN(days)) return '';
  if (days < 30)
    return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-Math.max(0, days), 'day');
  return ago(date, now);
}

export function day(when: string | number): string {
  const said = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', year: 'numeric' }).format(
    new Date(when),
  );
  // French says "1er mars"; only the newest browsers know.
  return language === 'fr' ? said.replace(/^1 /, '1er ') : said;
}

export function month(when: string): string {
  return new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric' }).format(new Date(when));
}

/** Today where the person is, as YYYY-MM-DD. */
export function today(now: number = Date.now()): string {
  const date = new Date(now);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Whole months between a date and now, for freshness. */
export function monthsSince(when: string, now: number = Date.now()): number {
  return (now - Date.parse(when)) / MONTH;
}
