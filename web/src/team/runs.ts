/** What an import says about itself: its counts in words, its steps, its progress. Pure. */
import { language, number, t, type Key } from '../i18n';
import { paths } from '../lib/routes';
import type { Action, Counts, Run, RunState } from './types';

/** In the order in which people want to know. */
export const ACTIONS: readonly Action[] = [
  'create',
  'update',
  'conflict',
  'close',
  'reappear',
  'renumber',
  'candidate',
  'refused',
];
const QUIET = ['unchanged', 'kept', 'outside'] as const;

/** The server is at work: ask again soon. */
export function working(state: RunState): boolean {
  return state === 'reading' || state === 'applying' || state === 'undoing';
}

/** No other file can be sent before this run has come to an end. */
export function open(state: RunState): boolean {
  return working(state) || state === 'planned';
}

/** The actions that a run has lines for. */
export function listed(counts: Counts): Action[] {
  return ACTIONS.filter((action) => counts[action] > 0);
}

/** "12 acteurs nouveaux", "3 désaccords à trancher". */
export function counted(key: Action | (typeof QUIET)[number], n: number): string {
  return `${number(n)} ${t(`count.${key}` as Key, { n })}`;
}

/** What changes nothing on the map: "140 inchangés, 8 valeurs de citoyens gardées". */
export function quietly(counts: Counts): string {
  return QUIET.filter((key) => counts[key] > 0)
    .map((key) => counted(key, counts[key]))
    .join(', ');
}

/** The whole run in one sentence, without its end mark. */
export function inOneLine(counts: Counts): string {
  return [...listed(counts).map((action) => counted(action, counts[action])), quietly(counts)]
    .filter(Boolean)
    .join(', ');
}

/** One line for the list of past runs: what it changed, not what it left alone. */
export function brief(run: Run): string {
  if (run.state === 'reading') return t('run.reading');
  if (run.state === 'discarded' || run.state === 'failed') return t('imports.nothingRead');
  const what = listed(run.counts)
    .map((action) => counted(action, run.counts[action]))
    .join(', ');
  if (!what) return run.state === 'planned' ? t('run.plannedNone') : t('imports.nothing');
  if (run.state === 'planned') return t('imports.would', { what });
  if (run.state === 'undone') return t('imports.had', { what });
  return t(run.state === 'applied' ? 'imports.did' : 'imports.doing', { what });
}

/** Which of the four steps a run has reached, from 0; the last is over when the run is applied. */
export function stepOf(state: RunState): number {
  if (state === 'reading') return 1;
  return state === 'planned' || state === 'discarded' || state === 'failed' ? 2 : 3;
}

/** Hundredths done, or null while nothing is known. Never 100 before the end: the last one is the longest. */
export function percent(done: number, total: number): number | null {
  if (!(total > 0) || !(done >= 0)) return null;
  return Math.min(99, Math.floor((done / total) * 100));
}

/** The action that an address asks to list, or null for all. */
export function shown(search: string): Action | null {
  const asked = new URLSearchParams(search).get('action');
  return ACTIONS.find((action) => action === asked) ?? null;
}

const GIGABYTE = 1024 ** 3;

/** "812 ko", "12,4 Mo", "1,12 Go". */
export function bytes(size: number): string {
  const [unit, value] =
    size >= GIGABYTE
      ? (['gigabyte', size / GIGABYTE] as const)
      : size >= 1024 ** 2
        ? (['megabyte', size / 1024 ** 2] as const)
        : (['kilobyte', Math.max(size / 1024, 0.1)] as const);
  const maximumFractionDigits = unit === 'gigabyte' ? 2 : 1;
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits }).format(value);
}

/** Why a chosen file can't be sent, as a sentence, or null. */
export function wrongFile(name: string, size: number): string | null {
  if (!/\.(osm\.pbf|osc\.gz)$/i.test(name)) return t('imports.badName', { name });
  if (size === 0) return t('imports.badEmpty', { name });
  if (size > GIGABYTE) return t('imports.badBig', { name, size: bytes(size) });
  return null;
}

/** The page of an object at openstreetmap.org, or null for what is not one. */
export function osmPage(reference: string): string | null {
  const found = /^osm:(node|way|relation)\/(\d{1,20})$/.exec(reference);
  return found ? `https://www.openstreetmap.org/${found[1]}/${found[2]}` : null;
}

/** "node/12", as people of OpenStreetMap write it. */
export function shortReference(reference: string): string {
  return reference.replace(/^osm:/, '');
}

/** The map of this site around a point, some 150 m each way. */
export function mapAround(slug: string, lon: number, lat: number): string {
  const [w, s, e, n] = [lon - 0.002, lat - 0.0014, lon + 0.002, lat + 0.0014].map((v) => v.toFixed(5));
  return `${paths.map(slug)}?bbox=${w},${s},${e},${n}`;
}
