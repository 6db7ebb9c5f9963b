/** Which letters of a name answer what was typed, accents and case aside. */
import { plain } from './filters';

export interface Part {
  text: string;
  hit: boolean;
}

export function matched(text: string, query: string): Part[] {
  const words = plain(query)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((w) => w.length > 0);
  const hits: boolean[] = new Array<boolean>(text.length).fill(false);
  const letters = [...text];
  // Removing accents keeps one letter for one letter in composed text, so positions stay the same.
  const bare = letters.map((l) => plain(l).charAt(0) || ' ').join('');
  for (const word of words) {
    for (let at = bare.indexOf(word); at >= 0; at = bare.indexOf(word, at + 1)) {
      const before = at === 0 ? ' ' : bare[at - 1]!;
      if (/[\p{L}\p{N}]/u.test(before)) continue;
      hits.fill(true, at, at + word.length);
    }
  }
  const parts: Part[] = [];
  letters.forEach((letter, i) => {
    const last = parts.at(-1);
    if (last && last.hit === hits[i]) last.text += letter;
    else parts.push({ text: letter, hit: hits[i] ?? false });
  });
  return parts;
}

/** Separates a house number from a street: "27 bis rue Poulard" gives ["27 bis", "rue Poulard"]. */
export function splitAddress(text: string): { number: string; street: string } {
  const match = /^\s*(\d+\s*(?:bis|ter|quater|[a-d](?=\s))?)[\s,]+(.+)$/i.exec(text);
  return match ? { number: match[1]!.trim(), street: match[2]!.trim() } : { number: '', street: text.trim() };
}
