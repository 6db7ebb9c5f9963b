/** Opening hours between the OpenStreetMap syntax kept on the wire and the way people say them. */
import { t, tOr } from '../i18n';

export const DAYS = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const;
export interface Slot {
  /** Indexes into DAYS. */
  days: number[];
  from: string;
  to: string;
}

const TIME = '([01]?\\d|2[0-4]):([0-5]\\d)';
const RANGE = new RegExp(`^${TIME}\\s*-\\s*${TIME}$`);

/** Reads the simple shapes ("Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-12:00"); null when it is more than that. */
export function parseHours(text: string): Slot[] | null {
  const slots: Slot[] = [];
  if (text.trim() === '24/7') return [{ days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }];
  for (const rule of text.split(';').map((r) => r.trim())) {
    if (rule === '') continue;
    const match = /^([A-Za-z ,-]+?)\s+(\d.*)$/.exec(rule);
    const days = match ? parseDays(match[1]!) : /^\d/.test(rule) ? [0, 1, 2, 3, 4, 5, 6] : null;
    if (!days) return null;
    for (const range of (match?.[2] ?? rule).split(',')) {
      const time = RANGE.exec(range.trim());
      if (!time) return null;
      slots.push({ days, from: two(time[1]!, time[2]!), to: two(time[3]!, time[4]!) });
    }
  }
  return slots.length > 0 ? slots : null;
}

function two(hour: string, minute: string): string {
  return `${hour.padStart(2, '0')}:${minute}`;
}

function parseDays(text: string): number[] | null {
  const days: number[] = [];
  for (const part of text.split(',').map((p) => p.trim())) {
    const [a, b] = part.split('-').map((d) => DAYS.indexOf(d as (typeof DAYS)[number]));
    if (a === undefined || a < 0 || (b !== undefined && b < 0)) return null;
    if (b === undefined) days.push(a);
    else for (let d = a; ; d = (d + 1) % 7) if ((days.push(d), d === b)) break;
  }
  return [...new Set(days)].sort((x, y) => x - y);
}

/** Writes slots in the OpenStreetMap syntax; slots on the same days share one rule. */
export function writeHours(slots: readonly Slot[]): string {
  const rules = new Map<string, string[]>();
  for (const slot of slots) {
    if (slot.days.length === 0 || !slot.from || !slot.to) continue;
    const days = spans(slot.days)
      .map(([a, b]) => (a === b ? DAYS[a] : b === a + 1 ? `${DAYS[a]},${DAYS[b]}` : `${DAYS[a]}-${DAYS[b]}`))
      .join(',');
    rules.set(days, [...(rules.get(days) ?? []), `${slot.from}-${slot.to}`]);
  }
  return [...rules].map(([days, times]) => `${days} ${times.join(',')}`).join('; ');
}

function spans(days: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const day of [...days].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else found.push([day, day]);
  }
  return found;
}

/** "Samedi, 9 h 30 – 12 h": what people read. Unknown shapes are shown as they are. */
export function sayHours(text: string): string {
  if (text.trim() === '24/7') return t('hours.always');
  const slots = parseHours(text);
  if (!slots) return text;
  const lines = new Map<string, string[]>();
  for (const slot of slots) {
    const days = spans(slot.days).map(sayDays).join(', ');
    lines.set(days, [...(lines.get(days) ?? []), `${sayTime(slot.from)} – ${sayTime(slot.to)}`]);
  }
  const said = [...lines]
    .map(([days, times]) => `${days}, ${times.join(t('hours.and'))}`)
    .join(t('hours.then'));
  return said.charAt(0).toLocaleUpperCase() + said.slice(1);
}

export function dayName(index: number): string {
  return tOr(`day.${DAYS[index]}`, DAYS[index] ?? '');
}

function sayDays([a, b]: [number, number]): string {
  if (a === 0 && b === 6) return t('hours.everyDay');
  if (a === b) return dayName(a);
  if (b === a + 1) return dayName(a) + t('hours.and') + dayName(b);
  return t('hours.days', { from: dayName(a), to: dayName(b) });
}

function sayTime(time: string): string {
  const [hour, minute] = time.split(':');
  return t(minute === '00' ? 'hours.hour' : 'hours.hourMinute', { h: String(Number(hour)), m: minute ?? '' });
}
