/** Who is here, from messages that tell changes only. Pure. */
import type { Person } from './messages';

/** The list after a message; whoever changed keeps their place, newcomers come last. */
export function changed(
  people: readonly Person[],
  news: readonly Person[],
  left: readonly string[],
): Person[] {
  const fresh = new Map(news.map((p) => [p.session, p]));
  const kept = people.filter((p) => !left.includes(p.session)).map((p) => fresh.get(p.session) ?? p);
  const known = new Set(kept.map((p) => p.session));
  return [...kept, ...news.filter((p) => !known.has(p.session) && !left.includes(p.session))];
}
