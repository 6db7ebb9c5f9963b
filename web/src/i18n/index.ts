/** The words of the interface: French first, the same keys in every language, checked by the compiler. */
import fr from './fr.json';

/** One sentence, or one per plural form when it counts something. */
export type Message = string | { one: string; other: string };
type TeamKey = Exclude<keyof typeof import('./team.fr.json'), 'default'>;
type SeanceKey = Exclude<keyof typeof import('./seance.fr.json'), 'default'>;
type FigureKey = Exclude<keyof typeof import('./figure.fr.json'), 'default'>;
type ReportKey = Exclude<keyof typeof import('./report.fr.json'), 'default'>;
export type Key = keyof typeof fr | TeamKey | SeanceKey | FigureKey | ReportKey;
export type Language = 'fr' | 'en';

// A key that one catalogue has and another lacks stops the type check here.
type En = typeof import('./en.json') &
  typeof import('./team.en.json') &
  typeof import('./seance.en.json') &
  typeof import('./figure.en.json') &
  typeof import('./report.en.json');
type SameKeys = [Exclude<Key, keyof En>, Exclude<keyof En, Key | 'default'>] extends [never, never]
  ? true
  : never;
const sameKeys: SameKeys = true;
void sameKeys;

export let language: Language = 'fr';
let words: Record<string, Message> = fr;
let plural = new Intl.PluralRules('fr');

/** Chooses the language once, before the first screen; changing it reloads the page. */
export async function chooseLanguage(
  search: string,
  remembered: string | null,
  preferred: readonly string[],
) {
  const asked = new URLSearchParams(search).get('lang') ?? remembered ?? preferred[0]?.slice(0, 2);
  language = asked === 'fr' || !asked ? 'fr' : 'en';
  if (language === 'en') words = (await import('./en.json')).default;
  plural = new Intl.PluralRules(language);
}

/** The words of the team's screens come with those screens: a newcomer's first screen does not carry them. */
export async function addTeamWords(): Promise<void> {
  const more = language === 'fr' ? await import('./team.fr.json') : await import('./team.en.json');
  words = { ...words, ...more.default };
}

/** Those of the séances come with their screens. */
export async function addSeanceWords(): Promise<void> {
  const more = language === 'fr' ? await import('./seance.fr.json') : await import('./seance.en.json');
  words = { ...words, ...more.default };
}

/** Those of figures and embeds come with their screens. */
export async function addFigureWords(): Promise<void> {
  const more = language === 'fr' ? await import('./figure.fr.json') : await import('./figure.en.json');
  words = { ...words, ...more.default };
}

/** Those of statistics, reports and links between actors too. */
export async function addReportWords(): Promise<void> {
  const more = language === 'fr' ? await import('./report.fr.json') : await import('./report.en.json');
  words = { ...words, ...more.default };
}

/** The sentence for a key; `{name}` is replaced, and `{n}` also chooses singular or plural. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const message = words[key] ?? key;
  const text =
    typeof message === 'string'
      ? message
      : plural.select(Number(values.n ?? 0)) === 'one'
        ? message.one
        : message.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}

/** The sentence for a key built at run time (a field, a value), or the given text when there is none. */
export function tOr(key: string, otherwise: string): string {
  return key in words ? t(key as Key) : otherwise;
}

export function number(value: number): string {
  return new Intl.NumberFormat(language).format(value);
}
