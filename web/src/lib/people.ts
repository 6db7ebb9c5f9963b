/** How a person is drawn: two letters on one of five pastels. Pure. */

export const TINTS = ['a', 'b', 'c', 'd', 'e'] as const;

/** The pastel somebody chose, else one that follows from the name. */
export function tintOf(name: string, color: number | null = null): string {
  const sum = [...name].reduce((total, c) => total + c.codePointAt(0)!, 0);
  return TINTS[(color ?? sum) % TINTS.length] ?? 'a';
}

/** « Céleri » is Cé; of « visiteur 3 » and « Ana 2 » the number tells who it is: V3, A2. */
export function initials(name: string): string {
  const number = /\s(\d{1,2})$/.exec(name)?.[1];
  const letters = [...name.trim()];
  return number ? (letters[0] ?? '').toLocaleUpperCase() + number : letters.slice(0, 2).join('');
}
