/** What the statistics page shows, as written in its address. Pure. */

/** Dates are days, YYYY-MM-DD; empty means now. */
export interface Asked {
  area: string;
  category: string;
  before: string;
  at: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const KEYS = { area: 'quartier', category: 'theme', before: 'depuis', at: 'au' } as const;

export function readQuestion(search: string): Asked {
  const params = new URLSearchParams(search);
  const day = (key: string) => (DAY.test(params.get(key) ?? '') ? params.get(key)! : '');
  return {
    area: params.get(KEYS.area) ?? '',
    category: /^[A-Z]{3}$/.test(params.get(KEYS.category) ?? '') ? params.get(KEYS.category)! : '',
    before: day(KEYS.before),
    at: day(KEYS.at),
  };
}

/** Keeps the keys that belong to others. */
export function writeQuestion(search: string, question: Asked): string {
  const params = new URLSearchParams(search);
  for (const [field, key] of Object.entries(KEYS)) {
    const value = question[field as keyof Asked];
    if (value) params.set(key, value);
    else params.delete(key);
  }
  const text = params.toString().replaceAll('=&', '&').replace(/=$/, '');
  return text ? `?${text}` : '';
}

/** How a value changed: the difference of two numbers, null when one is missing or hidden. */
export function difference(
  before: string | number | null | undefined,
  after: string | number | null,
): number | null {
  return typeof before === 'number' && typeof after === 'number' ? after - before : null;
}
