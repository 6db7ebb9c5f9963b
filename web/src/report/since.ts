/** A date as people know it (a year, a month, a day), in words. Pure. */
import { day, month } from '../lib/dates';

export function saySince(date: string): string {
  if (/^\d{4}$/.test(date)) return date;
  return /^\d{4}-\d{2}$/.test(date) ? month(`${date}-01`) : day(date);
}
