/** Word-by-word difference of two values, so that two answers can be compared at a glance. */
export interface Piece {
  text: string;
  changed: boolean;
}

/** The words of both texts, each marked when the other text does not have it in that place. */
export function compare(a: string, b: string): { a: Piece[]; b: Piece[] } {
  const left = words(a);
  const right = words(b);
  // Texts are short fields; beyond this, marking everything is clearer than a slow, scattered diff.
  if (left.length * right.length > 250_000)
    return { a: [{ text: a, changed: true }], b: [{ text: b, changed: true }] };
  const common = table(left, right);
  const out = { a: [] as Piece[], b: [] as Piece[] };
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      push(out.a, left[i++]!, false);
      push(out.b, right[j++]!, false);
    } else if (common[i + 1]![j]! >= common[i]![j + 1]!) push(out.a, left[i++]!, true);
    else push(out.b, right[j++]!, true);
  }
  while (i < left.length) push(out.a, left[i++]!, true);
  while (j < right.length) push(out.b, right[j++]!, true);
  return out;
}

function words(text: string): string[] {
  return text.split(/(\s+)/).filter((w) => w !== '');
}

/** Length of the longest common sequence of words from (i, j) to the ends. */
function table(a: string[], b: string[]): number[][] {
  const rows = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      rows[i]![j] = a[i] === b[j] ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
    }
  }
  return rows;
}

function push(pieces: Piece[], text: string, changed: boolean): void {
  const last = pieces.at(-1);
  if (last && last.changed === changed) last.text += text;
  else pieces.push({ text, changed });
}
